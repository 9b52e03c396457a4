import { assertEquals, assertThrows } from "@std/assert";
import { InvalidOptionError } from "../../../lib/options/parse_options.ts";
import {
  checkCommand,
  commandText,
  execArguments,
  quote,
} from "../../../lib/vm/agent/command_line.ts";
import type { RunOptions } from "../../../lib/vm/options/run_types.ts";

const ROOT = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "USER=root",
];
const FILES = { stdout: "/tmp/o", stderr: "/tmp/e" };

Deno.test("a line goes to the shell, a list is executed as it is", () => {
  assertEquals(execArguments("a | b", {}, "m"), {
    path: "/bin/sh",
    arg: ["-c", "a | b"],
    env: [...ROOT, "NETYARD_RUN=m"],
    "capture-output": true,
  });
  assertEquals(execArguments(["ls", "-l", "a b"], { stdin: "ü" }, "m"), {
    path: "ls",
    arg: ["-l", "a b"],
    env: [...ROOT, "NETYARD_RUN=m"],
    "capture-output": true,
    "input-data": "w7w=",
  });
});

Deno.test("variables are added to root's, replace them, or are the only ones", () => {
  const env = (options: RunOptions) => execArguments(["x"], options, "m").env;
  assertEquals(env({ env: { A: "1=2", HOME: "/h" } }), [
    ROOT[0],
    "HOME=/h",
    "USER=root",
    "A=1=2",
    "NETYARD_RUN=m",
  ]);
  assertEquals(env({ env: { A: "1" }, clearEnv: true }), ["A=1", "NETYARD_RUN=m"]);
});

Deno.test("the shell enters a directory and opens the files", () => {
  assertEquals(execArguments("a\nb", { cwd: "/it's" }, "m").arg, [
    "-c",
    "cd '/it'\\''s' 2>/dev/null || { printf 'netyard: no directory' >&2; exit 126; }; a\nb",
  ]);
  assertEquals(execArguments("a", { cwd: "-p" }, "m", FILES), {
    path: "/bin/sh",
    arg: [
      "-c",
      "exec >>'/tmp/o' 2>>'/tmp/e'; " +
      "cd './-p' 2>/dev/null || { printf 'netyard: no directory' >&2; exit 126; }; a",
    ],
    env: [...ROOT, "NETYARD_RUN=m"],
    "capture-output": false,
  });
  assertEquals(execArguments(["a", "b c"], {}, "m", FILES).arg, [
    "-c",
    "exec >>'/tmp/o' 2>>'/tmp/e'; " +
    'command -v -- "$1" >/dev/null || ' +
    `{ printf 'netyard: no program %s' "$1" >&2; exit 127; }; exec "$@"`,
    "sh",
    "a",
    "b c",
  ]);
});

Deno.test("a quoted word is one word to a shell", async () => {
  const words = ["", "a b", "'", "''", "\\", "$(x)`y`", "\n", "-n", "ü"];
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", `printf '%s|' ${words.map(quote).join(" ")}`],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), words.map((word) => `${word}|`).join(""));
});

Deno.test("an invalid command is refused before anything is sent to the guest", () => {
  const cases: [string | string[], RunOptions, string][] = [
    [[], {}, 'nas: run([]): "command" is [], but must have at least 1 item'],
    [
      "a\0",
      {},
      'nas: run("a\\u0000"): "command" is "a\\u0000", but must not contain a NUL character',
    ],
    ["a", { env: { "A=B": "" } }, 'must be a name without "="'],
    ["a", { cwd: "" }, '"cwd" is "", but must have at least 1 character'],
    ["a", { timeoutMs: -1 }, '"timeoutMs" is -1, but must be at least 0'],
    ["a", { timeout: 5 } as RunOptions, 'unknown option "timeout"; did you mean "timeoutMs"?'],
  ];
  for (const [command, options, message] of cases) {
    assertThrows(
      () => checkCommand(command, options, commandText("nas", "run", command)),
      InvalidOptionError,
      message,
    );
  }
});

Deno.test("messages show the beginning of a long command", () => {
  assertEquals(commandText("nas", "run", ["ping", "a"]), 'nas: run(["ping","a"])');
  assertEquals(commandText("nas", "run", "x".repeat(500)).length, 'nas: run("")'.length - 2 + 200);
});
