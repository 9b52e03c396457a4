import { assert, assertEquals } from "@std/assert";
import { Place, script } from "./script.ts";

interface Boot {
  how: string[];
  ms: number;
  offS: number;
}

Deno.test("the first machine of a kind boots, others resume from it, and damage is detected", async () => {
  await using place = await Place.create();
  const out = await script("cache_main.ts", {
    args: ["both", "boot", "damaged", "boot", "without"],
    env: { NETYARD_CACHE: place.cache, TMPDIR: place.temporary },
  });
  const boots = JSON.parse(out.trim().split("\n").at(-1)!);
  const both: Boot[] = boots["0-both"];
  assertEquals(both.map(({ how }) => how.join()).sort(), ["cold", "resumed"]);
  const [second, damaged, third, without]: Boot[] = [
    boots["1-boot"],
    boots["2-damaged"],
    boots["3-boot"],
    boots["4-without"],
  ];
  assertEquals(second.how, ["resumed"]);
  assertEquals(damaged.how, ["cold"]);
  assertEquals(third.how, ["resumed"]);
  assertEquals(without.how, ["cold"]);
  const resumed = Math.min(second.ms, third.ms);
  assert(without.ms > resumed, `cold ${without.ms} ms, resumed ${resumed} ms`);
  for (const { offS } of [...both, second, damaged, third, without]) assert(offS < 3, `${offS} s`);
  const entries = [...Deno.readDirSync(`${place.cache}/boots`)].filter((e) => e.isDirectory);
  assertEquals(entries.length, 1);
  assertEquals(place.left(), []);
});

Deno.test("without space for the cache a machine boots anyway, and leaves nothing there", async () => {
  await using place = await Place.create();
  const boots = `${place.cache}/boots`;
  await Deno.mkdir(boots);
  const mount = 'mount -t tmpfs -o size=10m none "$0" && "$@" && find "$0" -mindepth 1 -type d';
  const out = await script("cache_main.ts", {
    args: ["boot"],
    env: { NETYARD_CACHE: place.cache, TMPDIR: place.temporary },
    before: ["unshare", Deno.uid() === 0 ? "-m" : "-Urm", "sh", "-c", mount, boots],
  });
  const lines = out.trim().split("\n");
  assertEquals(JSON.parse(lines[0])["0-boot"].how, ["cold"]);
  assertEquals(lines.slice(1), []);
});

Deno.test("a machine boots anyway if the cache cannot be used", async () => {
  await using place = await Place.create();
  await Deno.writeTextFile(`${place.cache}/boots`, "no directory");
  const out = await script("cache_main.ts", {
    args: ["boot"],
    env: { NETYARD_CACHE: place.cache, TMPDIR: place.temporary },
  });
  assertEquals(JSON.parse(out.trim().split("\n").at(-1)!)["0-boot"].how, ["cold"]);
});
