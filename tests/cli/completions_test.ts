import { assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { bashCompletions } from "../../lib/cli/completions/bash.ts";
import { fishCompletions } from "../../lib/cli/completions/fish.ts";
import { zshCompletions } from "../../lib/cli/completions/zsh.ts";
import { type Command, defineCommand } from "../../lib/cli/command/command.ts";
import { findProgram } from "../../native/process/process.ts";
import { called, inDirectory } from "./kit.ts";

const within: Command = defineCommand({
  name: "within",
  summary: "run what's named: in a node",
  description: "Runs it.",
  arguments: [{ name: "NODE", what: "where", kind: "node" }, {
    name: "COMMAND",
    what: "what",
    many: true,
    kind: "command",
  }],
  options: [{ long: "lab", value: "NAME", what: "which one's [lab]" }],
  examples: [],
  exitCodes: [],
  stopEarly: true,
  load: () => Promise.resolve(() => 0),
});

const ALL = [...COMMANDS, within];

/** The completions of the last word of a line in bash, in a directory with `sims/` and `a.toml`. */
function completed(line: string): Promise<string[]> {
  return inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/sims`);
    await Deno.writeTextFile(`${directory}/a.toml`, "");
    // Bash splits the line so that "=" is a separate word.
    const words = line.split(/ |(=)/).filter((word) => word !== undefined);
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: [
        "--norc",
        "-c",
        `${bashCompletions(ALL)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
_netyard
printf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      cwd: directory,
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stderr)], [0, ""]);
    // A command that is in two directories is listed twice; bash shows it once.
    const all = new Set(decoder.decode(stdout).split("\n"));
    return [...all].filter((word) => word !== "").sort();
  });
}

Deno.test({
  name: "bash completes commands, options, their choices, files and directories",
  ignore: !findProgram("bash"),
  fn: async () => {
    for (
      const [line, words] of [
        ["netyard pl", ["plan"]],
        ["netyard --v", ["--version"]],
        ["netyard run --js", ["--json"]],
        ["netyard run a.toml --no-", ["--no-build", "--no-color"]],
        ["netyard run ", ["a.toml", "sims"]],
        ["netyard run --jobs ", []],
        ["netyard run --jobs 2 a", ["a.toml"]],
        ["netyard run --work-dir ", ["sims"]],
        ["netyard run --work-dir= ".trim(), ["sims"]],
        ["netyard plan --format ", ["github", "json", "k8s", "text"]],
        ["netyard plan a.toml --format=g", ["github"]],
        ["netyard merge ", ["sims"]],
        ["netyard schema t", ["topology"]],
        ["netyard schema -o ", ["a.toml", "sims"]],
        ["netyard schema --out=x t", ["topology"]],
        ["netyard schema topology ", []],
        ["netyard completions ", ["bash", "fish", "zsh"]],
        ["netyard within --l", ["--lab"]],
        ["netyard within ", []],
        ["netyard within laptop --l", []],
        ["netyard within --lab x laptop printen", ["printenv"]],
      ] as [string, string[]][]
    ) {
      assertEquals(await completed(line), words, line);
    }
  },
});

Deno.test("the command prints the script of each shell, and refuses other shells", async () => {
  for (const [shell, make] of Object.entries({ bash: bashCompletions, zsh: zshCompletions })) {
    assertEquals((await called(COMMANDS, "completions", shell)).stdout, make(COMMANDS));
  }
  const { code, stderr } = await called(COMMANDS, "completions", "tcsh");
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'SHELL is "tcsh", but must be one of bash, zsh, fish');
});

Deno.test("characters that are special to shells are quoted in descriptions", () => {
  const zsh = zshCompletions([within]);
  assertStringIncludes(zsh, `'within:run what'\\''s named\\: in a node'`);
  assertStringIncludes(zsh, `'(--lab)--lab=[which one'\\''s \\[lab\\]]:NAME: '`);
  const fish = fishCompletions([within]);
  assertStringIncludes(fish, `-a within -d 'run what\\'s named: in a node'`);
  assertStringIncludes(fish, `from within' -l lab -x -d 'which one\\'s [lab]'`);
});

for (const [shell, make] of Object.entries({ zsh: zshCompletions, fish: fishCompletions })) {
  Deno.test({
    name: `${shell} can read its script`,
    ignore: !findProgram(shell),
    fn: () =>
      inDirectory(async (directory) => {
        await Deno.writeTextFile(`${directory}/script`, make(ALL));
        const { code, stderr } = await new Deno.Command(shell, {
          args: ["-n", `${directory}/script`],
        }).output();
        assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
      }),
  });
}
