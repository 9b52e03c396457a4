import { assertEquals } from "@std/assert";
import { LineSplitter, LONGEST_LINE } from "../../lib/files/line_splitter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("lines are the same wherever chunks end", () => {
  const whole = bytes("ä\n\nzwei\r\n\r\n日本\rx\nend");
  for (let size = 1; size <= whole.length; size++) {
    const splitter = new LineSplitter();
    const lines: string[] = [];
    for (let at = 0; at < whole.length; at += size) {
      lines.push(...splitter.push(whole.subarray(at, at + size)));
    }
    lines.push(...splitter.end());
    assertEquals(lines, ["ä", "", "zwei", "", "日本\rx", "end"], `chunks of ${size}`);
  }
});

Deno.test("a last line with a line break is not followed by an empty line", () => {
  const splitter = new LineSplitter();
  assertEquals(splitter.push(bytes("a\n")), ["a"]);
  assertEquals(splitter.end(), []);
});

Deno.test("bytes that are not UTF-8 are replaced, also at the end", () => {
  const splitter = new LineSplitter();
  assertEquals(splitter.push(new Uint8Array([0x61, 0xff, 0x0a, 0xc3])), ["a\ufffd"]);
  assertEquals(splitter.end(), ["\ufffd"]);
});

Deno.test("a line that is too long is cut and counted, and the next one is complete", () => {
  const splitter = new LineSplitter();
  const part = bytes("x".repeat(300_000));
  for (let n = 0; n < 5; n++) assertEquals(splitter.push(part), []);
  const [long, next] = splitter.push(bytes("y\nnext\n"));
  assertEquals([long.length, long.endsWith("x"), next], [LONGEST_LINE, true, "next"]);
  assertEquals([splitter.cut, splitter.end()], [1, []]);
});
