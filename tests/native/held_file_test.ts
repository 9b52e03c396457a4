import { assert, assertEquals, assertRejects } from "@std/assert";
import { HeldFile } from "../../native/files/held_file.ts";
import { SyscallError } from "../../native/libc.ts";

const MIB = 2 ** 20;

async function scratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A sparse file with text at some offsets. */
async function sparse(path: string, size: number, texts: Record<number, string>): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  await file.truncate(size);
  for (const [at, text] of Object.entries(texts)) {
    await file.seek(Number(at), Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode(text));
  }
}

Deno.test("a held file has the content of the file, no name, and takes space only for data", async () => {
  await scratch(async (directory) => {
    const path = `${directory}/disk`;
    await sparse(path, 64 * MIB, { 0: "first", [40 * MIB + 5]: "second" });
    using held = await HeldFile.copyOf(path, directory, "the disk");
    await sparse(path, 64 * MIB, { 0: "FIRST" }); // The copy is another file.
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["disk"]);
    assertEquals(held.size, 64 * MIB);
    for (const name of ["once", "twice"]) {
      const copy = `${directory}/${name}`;
      await held.write(copy);
      const bytes = await Deno.readFile(copy);
      const text = (at: number, n: number) => new TextDecoder().decode(bytes.subarray(at, at + n));
      assertEquals([bytes.length, text(0, 5), text(40 * MIB + 5, 6)], [
        64 * MIB,
        "first",
        "second",
      ]);
      assert(((await Deno.stat(copy)).blocks ?? 0) * 512 < MIB);
    }
  });
});

Deno.test("a held file is copied to another kind of file system and back", async () => {
  await scratch(async (directory) => {
    const path = `${directory}/disk`;
    await sparse(path, MIB, { 5: "here" });
    using held = await HeldFile.copyOf(path, "/dev/shm", "the disk");
    await held.write(`${directory}/back`);
    assertEquals(await Deno.readFile(`${directory}/back`), await Deno.readFile(path));
  });
});

Deno.test("a held file overwrites no other file, and a missing file is an error", async () => {
  await scratch(async (directory) => {
    const path = `${directory}/disk`;
    await assertRejects(() => HeldFile.copyOf(path, directory, "the disk"), SyscallError, "ENOENT");
    await sparse(path, MIB, {});
    using held = await HeldFile.copyOf(path, directory, "the disk");
    await assertRejects(() => held.write(path), SyscallError, "EEXIST");
    assertEquals((await Deno.stat(path)).size, MIB);
  });
});
