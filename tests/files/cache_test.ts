import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { cached, cacheDirectory, type CacheRequest } from "../../lib/files/cache.ts";
import { CacheError } from "../../lib/files/errors.ts";

/** A cache in a temporary directory, with a counter of builds. */
class Scratch implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync();
  made = 0;

  request(write: (directory: string) => Promise<void> = (at) => this.write(at)): CacheRequest {
    const build = (directory: string) => (this.made++, write(directory));
    return { directory: join(this.directory, "cache"), name: "thing", files: ["a", "b"], build };
  }

  async write(directory: string): Promise<void> {
    await Deno.writeTextFile(join(directory, "a"), "first");
    await Deno.mkdir(join(directory, "leftover"));
    await Deno.writeTextFile(join(directory, "b"), "second");
  }

  names(): string[] {
    return [...Deno.readDirSync(join(this.directory, "cache"))].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("the directory of the cache comes from the variables, in their order", () => {
  const at = (variables: Record<string, string>) => cacheDirectory((name) => variables[name]);
  assertEquals(at({ NETYARD_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" }), "/c");
  assertEquals(at({ NETYARD_CACHE: "", XDG_CACHE_HOME: "/x", HOME: "/h" }), "/x/netyard");
  assertEquals(at({ HOME: "/h" }), "/h/.cache/netyard");
  assertThrows(() => at({}), CacheError, "set NETYARD_CACHE");
});

Deno.test("an entry is built once, and has only its files", async () => {
  await using scratch = new Scratch();
  const first = await cached(scratch.request());
  assertEquals(await Deno.readTextFile(join(first.directory, "b")), "second");
  assertEquals([...Deno.readDirSync(first.directory)].map(({ name }) => name).sort(), [
    "a",
    "b",
    "manifest.json",
  ]);
  assertEquals(await cached(scratch.request()), first);
  assertEquals(scratch.made, 1);
  assertEquals(scratch.names(), ["thing"]);
});

Deno.test("the hash depends on contents, not on times", async () => {
  await using one = new Scratch();
  await using other = new Scratch();
  const { hash } = await cached(one.request());
  assert(/^[0-9a-f]{64}$/.test(hash));
  assertEquals((await cached(other.request())).hash, hash);
});

Deno.test("a call during a build waits for that build", async () => {
  await using scratch = new Scratch();
  const all = await Promise.all([1, 2, 3].map(() => cached(scratch.request())));
  assertEquals(scratch.made, 1);
  assertEquals(new Set(all.map(({ hash }) => hash)).size, 1);
});

Deno.test("a changed, truncated or missing entry is built again", async () => {
  await using scratch = new Scratch();
  const { directory, hash } = await cached(scratch.request());
  const damages: (() => void)[] = [
    () => Deno.writeTextFileSync(join(directory, "a"), "fir5t"), // of the same length
    () => Deno.truncateSync(join(directory, "b"), 3),
    () => Deno.removeSync(join(directory, "a")),
    () => Deno.writeTextFileSync(join(directory, "manifest.json"), "{"),
    () => Deno.removeSync(join(directory, "manifest.json")), // as in an unfinished entry
  ];
  for (const [index, damage] of damages.entries()) {
    damage();
    assertEquals((await cached(scratch.request())).hash, hash);
    assertEquals(scratch.made, index + 2);
    assertEquals(await Deno.readTextFile(join(directory, "a")), "first");
    assertEquals(await Deno.readTextFile(join(directory, "b")), "second");
  }
  assertEquals(scratch.names(), ["thing"]);
});

Deno.test("unchanged contents are valid, whatever their time", async () => {
  await using scratch = new Scratch();
  const { directory } = await cached(scratch.request());
  const path = join(directory, "a");
  const kept = Deno.statSync(path).mtime;
  await Deno.writeTextFile(path, "first");
  await cached(scratch.request());
  assertEquals(scratch.made, 1);
  assertEquals(Deno.statSync(path).mtime, kept); // and are not verified the next time
});

Deno.test("of two processes that build at the same time one wins, and both use its entry", async () => {
  await using scratch = new Scratch();
  const makers = [1, 2].map(() => new Maker([join(scratch.directory, "cache")]));
  for (const maker of makers) assertEquals(await maker.line(), "made"); // neither entry is kept yet
  for (const maker of makers) await maker.go();
  const hashes = await Promise.all(makers.map((maker) => maker.line()));
  assertEquals(hashes[0], hashes[1]);
  assert(/^[0-9a-f]{64}$/.test(hashes[0]), hashes[0]);
  for (const maker of makers) await maker.end();
  assertEquals(scratch.names(), ["thing"]);
  assertEquals((await cached(scratch.request())).hash, hashes[0]);
  assertEquals(scratch.made, 0);
});

Deno.test("a full disk is an error, and nothing is kept", async () => {
  await using scratch = new Scratch();
  const mount = `mount -t tmpfs -o size=1m none "$0" && "$@"; ls -A "$0/cache"`;
  const flags = Deno.uid() === 0 ? "-m" : "-Urm";
  const maker = new Maker([`${scratch.directory}/cache`, "4000000"], [
    "unshare",
    flags,
    "sh",
    "-c",
    mount,
    scratch.directory,
  ]);
  await maker.go();
  const said = await maker.end();
  assertEquals(
    said,
    `CacheError: the disk is full: ${scratch.directory}/cache has no space left: ` +
      "free some space, or set NETYARD_CACHE to another directory\n",
  );
});

Deno.test("a failed build leaves nothing, and the next one works", async () => {
  await using scratch = new Scratch();
  await assertRejects(
    () =>
      cached(scratch.request(async (directory) => {
        await Deno.writeTextFile(join(directory, "a"), "half");
        throw new RangeError("gave up");
      })),
    RangeError,
    "gave up",
  );
  assertEquals(scratch.names(), []);
  await cached(scratch.request());
  assertEquals(scratch.names(), ["thing"]);
});

Deno.test("the remains of a killed process are removed when they are old", async () => {
  await using scratch = new Scratch();
  const cache = join(scratch.directory, "cache");
  for (const name of [".building-old", ".building-new"]) {
    await Deno.mkdir(join(cache, name), { recursive: true });
    await Deno.writeTextFile(join(cache, name, "a"), "half");
  }
  Deno.utimeSync(join(cache, ".building-old"), 1, 1);
  await cached(scratch.request());
  assertEquals(scratch.names(), [".building-new", "thing"]);
});

Deno.test("a directory that is not writable is named, with the remedy", async () => {
  await using scratch = new Scratch();
  await Deno.writeTextFile(join(scratch.directory, "cache"), "a file in the way");
  await assertRejects(
    () => cached(scratch.request()),
    CacheError,
    `${scratch.directory}/cache`,
  );
});

/** A process that builds the same entry as {@linkcode Scratch}, and waits for a line before it keeps it. */
class Maker {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(args: string[], before: string[] = []) {
    const main = new URL("cache_main.ts", import.meta.url).pathname;
    const [program, ...rest] = [...before, Deno.execPath(), "run", "-P", main, ...args];
    this.#process = new Deno.Command(program, {
      args: rest,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`it ended after: ${this.#text}`);
      this.#text += value;
    }
    const [line, ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  async go(): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode("go\n"));
    await writer.close();
  }

  /** Returns the rest of its output. */
  async end(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#output.read();
      if (done) break;
      this.#text += value;
    }
    await this.#process.status;
    return this.#text;
  }
}
