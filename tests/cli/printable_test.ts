import { assertEquals } from "@std/assert";
import { printable } from "../../lib/cli/command/printable.ts";

Deno.test("the output of programs does nothing to a terminal but colour it, if requested", () => {
  const text = "a\tb\x07\x1b[2J\x1b[31mred\x1b[0m\x9b1A\r\x00";
  assertEquals(printable(text, false), "a\tb\ufffdred\ufffd\ufffd");
  assertEquals(printable(text, true), "a\tb\ufffd\x1b[31mred\x1b[0m\ufffd\ufffd\x1b[0m");
  assertEquals(printable("\x1b]0;title\x07plain \u00e9 \u{1f600}", true), "plain \u00e9 \u{1f600}");
});
