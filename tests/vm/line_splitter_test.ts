import { assertEquals } from "@std/assert";
import { type Line, LineSplitter } from "../../lib/vm/socket/line_splitter.ts";

const encoder = new TextEncoder();
const plain = (text: string): Line => ({ text, delimited: false });

Deno.test("lines end with LF or CR LF, and empty ones are left out", () => {
  const splitter = new LineSplitter();
  assertEquals(splitter.push(encoder.encode("a\r\nb\n\n\r\nc")), [plain("a"), plain("b")]);
  assertEquals(splitter.push(encoder.encode("d\n")), [plain("cd")]);
});

Deno.test("bytes between the last line and a delimiter are dropped", () => {
  const splitter = new LineSplitter();
  const bytes = new Uint8Array([
    ...encoder.encode("a\nrest"),
    0xff,
    0xff,
    ...encoder.encode("b\nc\n"),
  ]);
  assertEquals(splitter.push(bytes), [plain("a"), { text: "b", delimited: true }, plain("c")]);
});

Deno.test("a chunk may be overwritten after push()", () => {
  const splitter = new LineSplitter();
  const buffer = encoder.encode("abc");
  splitter.push(buffer);
  buffer.fill(0x78);
  assertEquals(splitter.push(encoder.encode("d\n")), [plain("abcd")]);
});

Deno.test("lines are the same however their bytes are split", () => {
  const alphabet = ["a", "ü", "€", "😀", "{", '"', "\\", " x"];
  for (let round = 0; round < 200; round++) {
    const lines: Line[] = [];
    const bytes: number[] = [];
    for (let i = Math.floor(Math.random() * 8); i >= 0; i--) {
      const text = Array.from(
        { length: 1 + Math.floor(Math.random() * 20) },
        () => alphabet[Math.floor(Math.random() * alphabet.length)],
      ).join("");
      const delimited = Math.random() < 0.3;
      if (delimited) bytes.push(...encoder.encode("stale"), 0xff);
      bytes.push(...encoder.encode(text + (Math.random() < 0.5 ? "\r\n" : "\n")));
      lines.push({ text, delimited });
    }
    const splitter = new LineSplitter();
    const found: Line[] = [];
    const all = Uint8Array.from(bytes);
    for (let at = 0; at < all.length;) {
      const end = at + 1 + Math.floor(Math.random() * (round % 2 ? 3 : 40));
      found.push(...splitter.push(all.subarray(at, end)));
      at = end;
    }
    assertEquals(found, lines);
  }
});
