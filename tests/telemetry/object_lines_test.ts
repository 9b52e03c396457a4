import { assertEquals } from "@std/assert";
import { LONGEST_EVENT_LINE, ObjectLines } from "../../lib/telemetry/object_lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(text: string, sizes: number[]): string[] {
  const lines = new ObjectLines(["{"]);
  const all = bytes(text);
  const found: string[] = [];
  for (let at = 0, i = 0; at < all.length; i++) {
    const chunk = all.slice(at, at + sizes[i % sizes.length]);
    at += chunk.length;
    found.push(...lines.push(chunk));
    chunk.fill(0x7b); // The chunk is its owner's again.
  }
  return [...found, ...lines.end()];
}

Deno.test("lines that begin with a brace are found, wherever chunks end", () => {
  const text = 'plain\n{"a":1}\n  \t{"é": "✓"}\r\n\n[{]\n{}\nx{"b":2}\n\n {"last": true}';
  const expected = ['{"a":1}', '{"é": "✓"}\r', "{}", '{"last": true}'];
  for (const sizes of [[1_000], [1], [2], [3, 1], [7, 2, 1], [5]]) {
    assertEquals(read(text, sizes), expected, `${sizes}`);
  }
});

Deno.test("a line that is too long is no object, and the next one is found", () => {
  const fits = `{${"a".repeat(LONGEST_EVENT_LINE - 2)}}`;
  const text = `{${"a".repeat(3 * LONGEST_EVENT_LINE)}}\n{"b":1}\n${fits}\n{${fits}\n${
    " ".repeat(100_000)
  }{"c":1}\n`;
  assertEquals(read(text, [4_096]), ['{"b":1}', fits, '{"c":1}']);
  assertEquals(read(text, [1 << 30]), ['{"b":1}', fits, '{"c":1}']);
});

Deno.test("bytes that are not UTF-8 are replaced", () => {
  const lines = new ObjectLines(["{"]);
  assertEquals(lines.push(new Uint8Array([0x7b, 0xff, 0x7d, 0x0a])), ["{\ufffd}"]);
  assertEquals(lines.push(new Uint8Array([0xff, 0x00, 0x7b, 0x0a])), []);
  assertEquals(lines.end(), []);
});

Deno.test("lines without a mark may be left out, and no line with one is", () => {
  const lines = new ObjectLines(["mark"]);
  const other = '{"a":1}\n'.repeat(100);
  assertEquals(lines.push(bytes(`${other}{"mark`)), ['{"a":1}'], "one that may have begun before");
  assertEquals(lines.push(bytes(`":1}\n${other}${other}`)), ['{"mark":1}']);
  const found = lines.push(bytes(`${other}{"mark":2}\n{"mark":3}`));
  assertEquals(found.filter((line) => line.includes("mark")), ['{"mark":2}']);
  assertEquals(lines.end(), ['{"mark":3}']);
});
