import { assertEquals } from "@std/assert";
import { followFile } from "../../../lib/cli/log/follow_file.ts";
import { LineSplitter } from "../../../lib/files/line_splitter.ts";

const DEADLINE_MS = 10_000;

/** A followed file, and the lines that were read so far. */
class Followed implements AsyncDisposable {
  readonly path: string;
  readonly #stop = new AbortController();
  readonly #parts: AsyncGenerator<{ bytes: Uint8Array } | { restarted: true }>;
  #lines = new LineSplitter();
  #ready: string[] = [];

  private constructor(readonly directory: string) {
    this.path = `${directory}/log`;
    this.#parts = followFile(this.path, this.#stop.signal);
  }

  static async create(): Promise<Followed> {
    return new Followed(await Deno.makeTempDir());
  }

  append(text: string): void {
    Deno.writeTextFileSync(this.path, text, { append: true });
  }

  /** Waits for this many lines. */
  async lines(count: number): Promise<string[]> {
    const timer = setTimeout(() => this.#stop.abort(), DEADLINE_MS);
    while (this.#ready.length < count) {
      const { value, done } = await this.#parts.next();
      if (done) break;
      if ("bytes" in value) this.#ready.push(...this.#lines.push(value.bytes));
      else {
        this.#ready.push(...this.#lines.end());
        this.#lines = new LineSplitter();
      }
    }
    clearTimeout(timer);
    return this.#ready.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#parts.return(undefined);
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("a followed file is read from its beginning, and then as it grows", async () => {
  await using log = await Followed.create();
  log.append("one\ntwo\n");
  assertEquals(await log.lines(2), ["one", "two"]);
  log.append("three\n");
  assertEquals(await log.lines(1), ["three"]);
});

Deno.test("a file that does not exist yet is waited for", async () => {
  await using log = await Followed.create();
  const first = log.lines(1);
  log.append("one\n");
  assertEquals(await first, ["one"]);
});

Deno.test("an incomplete line waits for its rest, even within a character", async () => {
  await using log = await Followed.create();
  const bytes = new TextEncoder().encode("sch\u00f6n\n");
  const file = await Deno.open(log.path, { create: true, append: true });
  file.writeSync(new TextEncoder().encode("one\n"));
  file.writeSync(bytes.subarray(0, 4));
  assertEquals(await log.lines(1), ["one"]);
  file.writeSync(bytes.subarray(4));
  file.close();
  assertEquals(await log.lines(1), ["sch\u00f6n"]);
});

Deno.test("a replaced file is read to its end, and then its successor from the beginning", async () => {
  await using log = await Followed.create();
  const old = await Deno.open(log.path, { create: true, append: true });
  const write = (text: string) => old.writeSync(new TextEncoder().encode(text));
  write("one\n");
  assertEquals(await log.lines(1), ["one"]);
  await Deno.rename(log.path, `${log.path}.1`);
  write("two\n");
  assertEquals(await log.lines(1), ["two"]);
  // The successor exists, and the program still writes to the old file.
  log.append("");
  write("three\nhalf");
  assertEquals(await log.lines(1), ["three"]);
  old.close();
  log.append("four\n");
  assertEquals(await log.lines(2), ["half", "four"]);
});

Deno.test("an emptied file is read from its beginning, even if it has grown past the offset", async () => {
  await using log = await Followed.create();
  log.append("a first line\n");
  assertEquals(await log.lines(1), ["a first line"]);
  Deno.truncateSync(log.path);
  log.append("short\n");
  assertEquals(await log.lines(1), ["short"]);
  Deno.writeTextFileSync(log.path, "something that is much longer\nthan it was\n");
  assertEquals(await log.lines(2), ["something that is much longer", "than it was"]);
});

Deno.test("no line is lost or duplicated while a file is written and replaced many times", async () => {
  await using log = await Followed.create();
  const all = Array.from({ length: 2_000 }, (_, i) => `line ${i} ${"x".repeat(i % 97)}`);
  const read: string[] = [];
  for (let at = 0; at < all.length; at += 400) {
    const part = all.slice(at, at + 400);
    // In chunks that end anywhere.
    const text = part.join("\n") + "\n";
    for (let i = 0; i < text.length; i += 1_009) log.append(text.slice(i, i + 1_009));
    read.push(...await log.lines(part.length));
    await Deno.rename(log.path, `${log.path}.1`);
  }
  assertEquals(read, all);
});
