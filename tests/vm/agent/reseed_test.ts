import { assertEquals } from "@std/assert";
import { reseedPart } from "../../../lib/vm/agent/reseed.ts";
import { reseedElf, reseedInput } from "../../../lib/vm/tiny/reseed_elf.ts";

async function printed(script: string): Promise<Uint8Array> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assertEquals(success, true);
  return stdout;
}

Deno.test("a guest's program for random numbers gets what random(4) says, byte by byte", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
  assertEquals(await printed(reseedPart("cat", random)), reseedInput(random));
});

Deno.test("a guest without one is given ours, and where that does not run, its pool gets them", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
  const directory = await Deno.makeTempDir();
  try {
    const script = (pool: string) =>
      reseedPart(undefined, random)
        .replaceAll("/tmp/.netyard-reseed", `${directory}/reseed`)
        .replace("/dev/urandom", pool)
        .replace(/^rm .*$/m, "");
    // What is put there is our program; it is not to run here.
    const kept = script(`${directory}/pool`).replace(/&& chmod.*; }/, "&& false; }");
    await printed(kept);
    assertEquals(await Deno.readFile(`${directory}/reseed`), reseedElf());
    assertEquals(await Deno.readFile(`${directory}/pool`), random);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("no two guests get the same random numbers", () => {
  assertEquals(reseedPart("x") === reseedPart("x"), false);
});
