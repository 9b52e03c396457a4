import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findProgram } from "../../../native/process/process.ts";
import { inDirectory } from "../kit.ts";

const MAIN = new URL("run_main.ts", import.meta.url).pathname;

/** Runs `netyard run` on a terminal, and returns its output. */
function onTerminal(names: string, env: Record<string, string> = {}, args = "") {
  return inDirectory(async (directory) => {
    const command =
      `'${Deno.execPath()}' run -A --no-check '${MAIN}' ${names} --work-dir '${directory}' ${args}`;
    // script(1) gives the command a terminal; -e passes its exit code.
    const { code, stdout } = await new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      stdin: "null",
      env: { TERM: "xterm", CI: "", NO_COLOR: "", ...env },
    }).output();
    return { code, text: new TextDecoder().decode(stdout) };
  });
}

const skip = !findProgram("script");

Deno.test({
  name: "a terminal is redrawn while simulations run, and keeps a line for each",
  ignore: skip,
  fn: async () => {
    const { code, text } = await onTerminal("slow-a,slow-b,bad", {}, "-j3 -v");
    assertEquals(code, 1);
    assertMatch(text, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* slow-a/);
    assertStringIncludes(text, "1/3  \x1b[31m1 failed\x1b[39m  2 running");
    assertStringIncludes(text, "\x1b[32m✓\x1b[39m slow-a");
    assertStringIncludes(text, "\x1b[31m✗\x1b[39m bad");
    assertStringIncludes(text, "hello from slow-a\r\n");
    assertStringIncludes(text, "2 passed, 1 failed");
    // The cursor is hidden once, and shown again at the end.
    assertEquals(text.split("\x1b[?25l").length, 2);
    assertEquals(text.lastIndexOf("\x1b[?25h") > text.lastIndexOf("⠋"), true);
  },
});

Deno.test({
  name: "in CI a terminal gets plain lines",
  ignore: skip,
  fn: async () => {
    const { code, text } = await onTerminal("a,b", { CI: "true", NO_COLOR: "1" });
    assertEquals(code, 0);
    assertMatch(text, /^started a\r\npassed a after 1\.5 s \(1\/2\)\r\nstarted b\r\n/);
    assertEquals(text.includes("\x1b"), false);
  },
});
