import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Command,
  defineCommand,
  type Invocation,
  UsageError,
} from "../../lib/cli/command/command.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { wholeNumber } from "../../lib/cli/command/simulation_options.ts";
import { renderHelp, wrap } from "../../lib/cli/command/help.ts";
import { NetyardError } from "../../native/error.ts";
import { called } from "./kit.ts";

const OPTIONS = [
  { long: "loud", short: "l", what: "in capitals" },
  { long: "no-comma", what: "leave the comma out" },
  {
    long: "times",
    short: "n",
    value: "N",
    default: "1",
    read: wholeNumber(1, 9),
    what: "how often",
  },
  { long: "by-day", value: "TIME", choices: ["morning", "evening"], what: "when it is" },
  { long: "guest", value: "NAME", many: true, what: "who else is there" },
] as const;

const greet: Command = defineCommand({
  name: "greet",
  summary: "say names",
  description: "Says names.",
  arguments: [{ name: "NAME", what: "the name to greet" }, {
    name: "TONGUE",
    what: "in which language",
    optional: true,
    choices: ["de", "en"],
  }],
  options: OPTIONS,
  examples: [{ command: "netyard greet Ada", what: "say Ada" }],
  exitCodes: [[0, "it was said"], [2, "wrong options"]],
  load: () =>
    Promise.resolve(({ options, arguments: words, stdout }: Invocation<typeof OPTIONS>) => {
      stdout.line(JSON.stringify({ options, words }));
      return 3;
    }),
});

const within: Command = defineCommand({
  ...greet,
  name: "within",
  arguments: [{ name: "NODE", what: "where" }, { name: "COMMAND", what: "what", many: true }],
  options: OPTIONS,
  stopEarly: true,
  load: () =>
    Promise.resolve(({ options, arguments: words, stdout }: Invocation<typeof OPTIONS>) => {
      stdout.line(JSON.stringify({ loud: options.loud, words }));
      return 0;
    }),
});

const NOTHING = { loud: false, noComma: false, times: 1, guest: [] };

async function parsed(...args: string[]) {
  const { code, stdout, stderr } = await called([greet, within], ...args);
  assertEquals([code > 3, stderr], [false, ""]);
  return JSON.parse(stdout);
}

Deno.test("options have names in camel case, types and defaults", async () => {
  assertEquals(await parsed("greet", "Ada"), { options: NOTHING, words: ["Ada"] });
  assertEquals(
    await parsed("greet", "-ln", "3", "--no-comma", "--by-day=evening", "--guest", "a=b", "007"),
    {
      options: { loud: true, noComma: true, times: 3, byDay: "evening", guest: ["a=b"] },
      words: ["007"],
    },
  );
  assertEquals((await parsed("greet", "--guest=a", "--guest", "b", "Ada")).options.guest, [
    "a",
    "b",
  ]);
  assertEquals(await parsed("greet", "--times=2", "--times=4", "--", "-x"), {
    options: { ...NOTHING, times: 4 },
    words: ["-x"],
  });
});

Deno.test("options after the first argument of such a command belong to the arguments", async () => {
  assertEquals(await parsed("within", "--loud", "laptop", "ls", "-l", "--help"), {
    loud: true,
    words: ["laptop", "ls", "-l", "--help"],
  });
  assertEquals((await parsed("within", "laptop", "--", "bash", "-c", "x")).words, [
    ...["laptop", "bash", "-c", "x"],
  ]);
  assertEquals((await parsed("within", "laptop", "git", "log", "--", "--loud=x")).words, [
    ...["laptop", "git", "log", "--", "--loud=x"],
  ]);
});

Deno.test("a wrong command line is refused with one line, a hint and exit code 2", async () => {
  for (
    const [args, message] of [
      [["greet", "--lout", "Ada"], "netyard greet does not know --lout; did you mean --loud?"],
      [["greet", "--zzz=1", "Ada"], "netyard greet does not know --zzz"],
      [["greet", "-lx", "Ada"], "netyard greet does not know -x"],
      [["greet", "--loud=yes", "Ada"], "netyard greet: --loud takes no value"],
      [["greet", "Ada", "--by-day"], "netyard greet: --by-day needs a value: TIME"],
      [["greet", "--guest", "--loud", "Ada"], "netyard greet: --guest needs a value: NAME"],
      [
        ["greet", "--by-day", "evenin", "Ada"],
        'netyard greet: --by-day is "evenin", but must be one of morning, evening; ' +
        'did you mean "evening"?',
      ],
      [
        ["greet", "-n", "0x1", "Ada"],
        'netyard greet: --times is "0x1", but must be a whole number, from 1 to 9',
      ],
      [["greet"], "netyard greet needs NAME: the name to greet"],
      [
        ["greet", "Ada", "fr"],
        'netyard greet: TONGUE is "fr", but must be one of de, en',
      ],
      [
        ["greet", "Ada", "en", "now"],
        "netyard greet does not know now: it takes 2 arguments at most",
      ],
    ] as [string[], string][]
  ) {
    const { code, stdout, stderr } = await called([greet], ...args);
    assertEquals({ code, stdout, stderr }, {
      code: 2,
      stdout: "",
      stderr: `${message}\nSee \`netyard greet --help\`.\n`,
    });
  }
});

Deno.test("the help of a command has its options, examples and exit codes", async () => {
  const expected = `Says names.

Usage: netyard greet [options] NAME [TONGUE]

Arguments:
  NAME    the name to greet
  TONGUE  in which language (one of de, en)

Options:
  -l, --loud         in capitals
      --no-comma     leave the comma out
  -n, --times N      how often (default: 1)
      --by-day TIME  when it is (one of morning, evening)
      --guest NAME   who else is there (may be repeated)
  -h, --help         print this help

Examples:
  netyard greet Ada
      say Ada

Exit codes:
  0  it was said
  2  wrong options
`;
  for (const args of [["greet", "--help"], ["greet", "-h"], ["help", "greet"]]) {
    assertEquals(await called([greet], ...args), { code: 0, stdout: expected, stderr: "" });
  }
  assertStringIncludes((await called([greet], "--help")).stdout, "Commands:\n  greet  say names\n");
});

Deno.test("every command has examples that parse, and a help of at most 100 columns", async () => {
  const { parseCommandLine } = await import("../../lib/cli/command/parse.ts");
  for (const command of COMMANDS) {
    for (const line of renderHelp(command).split("\n")) {
      assertEquals(line.length <= 100, true, line);
    }
    assertEquals(command.examples.length > 0 && command.exitCodes.length > 0, true, command.name);
    for (const example of command.examples) {
      const words = example.command.replace(/ [|>].*/, "").match(/'[^']*'|\S+/g)!;
      const [netyard, name, ...rest] = words.map((word) => word.replaceAll("'", ""));
      assertEquals([netyard, name], ["netyard", command.name]);
      parseCommandLine(command, rest);
    }
  }
});

Deno.test("a mistyped command gets the nearest one as a hint", async () => {
  const { code, stderr } = await called([greet], "gret");
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'no command "gret"; it has: greet; did you mean "greet"?');
});

Deno.test("the exit code of an error is that of its kind: bad input, a failure, or a bug", async () => {
  const { TomlError } = await import("../../lib/toml/errors.ts");
  const { InterruptedError } = await import("../../lib/cli/command/interrupt.ts");
  const throwing = (error: unknown) =>
    called([{ ...greet, load: () => Promise.reject(error) }], "greet", "Ada");
  assertEquals(await throwing(new TomlError([{ where: "a.toml:3", message: "is wrong" }])), {
    code: 2,
    stdout: "",
    stderr: "a.toml:3: is wrong\n",
  });
  assertEquals((await throwing(new UsageError("no"))).code, 2);
  assertEquals(await throwing(new NetyardError("no way")), {
    code: 1,
    stdout: "",
    stderr: "no way\n",
  });
  assertEquals((await throwing(new InterruptedError("interrupted"))).code, 130);
  const { code, stderr } = await throwing(new RangeError("oops"));
  assertEquals(code, 70);
  assertStringIncludes(stderr, "RangeError: oops\n    at ");
  assertStringIncludes(stderr, "This is a bug in netyard");
});

Deno.test("text is wrapped at spaces, and a word that is too long has its own line", () => {
  const long = "x".repeat(99);
  assertEquals(wrap(`a ${long} b`, 2), `  a\n  ${long}\n  b`);
  assertEquals(wrap("a\n  b", 0), "a b");
});
