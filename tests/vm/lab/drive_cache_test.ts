import { assert, assertEquals } from "@std/assert";
import { Place, script } from "./script.ts";

Deno.test("machines with a disk of their own resume from a booted one, and keep what they wrote", async () => {
  await using place = await Place.create();
  const out = await script("drive_cache_main.ts", {
    env: { TMPDIR: place.temporary, NETYARD_CACHE: place.cache },
  });
  const said = Object.fromEntries(
    out.trim().split("\n").map((line) => /^(\S+(?: reads)?) (.*)$/.exec(line)!.slice(1)),
  );
  assert(Number(said.second) < Number(said.first), `${said.second} ms, not ${said.first} ms`);
  assertEquals(said["b reads"], "of the image");
  assertEquals(said["a reads"], "of ahe image");
  assertEquals(place.left(), []);
});
