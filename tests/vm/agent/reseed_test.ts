import { assertEquals } from "@std/assert";
import { reseedPart } from "../../../lib/vm/agent/reseed.ts";
import { reseedElf, reseedInput } from "../../../lib/vm/tiny/reseed_elf.ts";

async function printed(script: string): Promise<Uint8Array> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assertEquals(success, true);
  return stdout;
}

Deno.test("a guest's reseed program receives the struct of random(4), byte by byte", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
  assertEquals(await printed(reseedPart("cat", random)), reseedInput(random));
});

Deno.test("a guest without one gets ours, and if that does not run, its pool gets the numbers", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
  const directory = await Deno.makeTempDir();
  try {
    const script = (pool: string) =>
      reseedPart(undefined, random)
        .replaceAll("/tmp/.netyard-reseed", `${directory}/reseed`)
        .replace("/dev/urandom", pool)
        .replace(/^rm .*$/m, "");
    // Our program is written there; it must not run on this host.
    const kept = script(`${directory}/pool`).replace(/&& chmod.*; }/, "&& false; }");
    await printed(kept);
    assertEquals(await Deno.readFile(`${directory}/reseed`), reseedElf());
    assertEquals(await Deno.readFile(`${directory}/pool`), random);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("two guests never get the same random numbers", () => {
  assertEquals(reseedPart("x") === reseedPart("x"), false);
});
