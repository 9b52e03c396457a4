import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { closeFd, libc, openFd } from "../../native/libc.ts";
import { MemoryFile } from "../../native/files/memory_file.ts";
import { NetyardError } from "../../native/error.ts";

const MIB = 2 ** 20;

async function scratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function put(file: MemoryFile, at: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  assertEquals(
    Number(libc().pwrite(file.fd, bytes, BigInt(bytes.length), BigInt(at))),
    bytes.length,
  );
}

/** The bytes that a file takes on the disk or in memory. */
async function taken(path: string): Promise<number> {
  return ((await Deno.stat(path)).blocks ?? 0) * 512;
}

Deno.test("a copy of a memory file has the same bytes, and only data takes memory", async () => {
  await scratch(async (directory) => {
    using file = MemoryFile.create("test", 64 * MIB);
    put(file, 0, "first");
    put(file, 40 * MIB + 5, "second");
    using copy = await file.copy("copy");
    put(file, 0, "FIRST"); // The copy is another file.
    assertEquals(copy.size, 64 * MIB);
    const path = `${directory}/written`;
    await copy.write(path);
    const bytes = await Deno.readFile(path);
    assertEquals(bytes.length, 64 * MIB);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, 5)), "first");
    assertEquals(new TextDecoder().decode(bytes.subarray(40 * MIB + 5, 40 * MIB + 11)), "second");
    assertEquals(await taken(path) < MIB, true);
    using read = await MemoryFile.read("read", path);
    assertEquals(read.size, 64 * MIB);
    await read.write(`${directory}/again`);
    assertEquals(await Deno.readFile(`${directory}/again`), bytes);
  });
});

Deno.test("pages of zeros become holes", async () => {
  await scratch(async (directory) => {
    using file = MemoryFile.create("test", 8 * MIB);
    const zeros = new Uint8Array(8 * MIB);
    assertEquals(Number(libc().pwrite(file.fd, zeros, BigInt(zeros.length), 0n)), zeros.length);
    put(file, 3 * MIB, "something");
    await file.write(`${directory}/before`);
    assertEquals(await taken(`${directory}/before`) >= 8 * MIB, true);
    file.dropZeros();
    await file.write(`${directory}/after`);
    assertEquals(await taken(`${directory}/after`) < MIB, true);
    assertEquals(
      await Deno.readFile(`${directory}/after`),
      await Deno.readFile(`${directory}/before`),
    );
  });
});

Deno.test("a child that is started in inherited() reads a memory file, and others do not inherit it", () => {
  using file = MemoryFile.create("test", 16);
  put(file, 0, "for the child");
  const command = new Deno.Command("head", { args: ["-c", "13", file.pathInChild] });
  const inherited = file.inherited(() => command.outputSync());
  assertEquals(new TextDecoder().decode(inherited.stdout), "for the child");
  assertEquals(command.outputSync().success, false);
});

Deno.test("a memory file overwrites no other file, and a missing file is an error", async () => {
  await scratch(async (directory) => {
    using file = MemoryFile.create("test", 16);
    await Deno.writeTextFile(`${directory}/there`, "kept");
    await assertRejects(() => file.write(`${directory}/there`), NetyardError, "EEXIST");
    assertEquals(await Deno.readTextFile(`${directory}/there`), "kept");
    await assertRejects(() => MemoryFile.read("x", `${directory}/none`), NetyardError, "ENOENT");
  });
});

Deno.test("a closed memory file leaves no descriptor", () => {
  const file = MemoryFile.create("test", 16);
  const { fd } = file;
  file.close();
  file.close();
  assertEquals(file.fd, -1);
  assertThrows(() => openFd(`/proc/self/fd/${fd}`), NetyardError, "ENOENT");
  closeFd(-1);
});
