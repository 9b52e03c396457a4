import { assertEquals } from "@std/assert";
import { reseedPart } from "../../lib/vm/reseed.ts";
import { reseedInput } from "../../lib/vm/tiny/reseed_elf.ts";

async function printed(script: string): Promise<Uint8Array> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assertEquals(success, true);
  return stdout;
}

Deno.test("a guest's program for random numbers gets what random(4) says, byte by byte", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
  assertEquals(await printed(reseedPart("cat", random)), reseedInput(random));
});

Deno.test("a guest without one has them written to its pool", async () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
  const part = reseedPart(undefined, random);
  assertEquals(part.endsWith(" >/dev/urandom\n"), true);
  assertEquals(await printed(part.replace(">/dev/urandom", "")), random);
});

Deno.test("no two guests get the same random numbers", () => {
  assertEquals(reseedPart("x") === reseedPart("x"), false);
});
