import { assert, assertEquals } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { processes, unique } from "./kit.ts";
import { Place, script, scriptCommand } from "./script.ts";

const ROUNDS = 20;
/** The moments of the kill, from before the first file to a restore; it takes a second when idle. */
const LATEST_MS = 1_800;

/** Returns the open files of all processes that are guest memory. */
async function memories(tag: string): Promise<string[]> {
  const line = "ls -l /proc/[0-9]*/fd 2>/dev/null | grep memfd:";
  const { stdout } = await new Deno.Command("sh", { args: ["-c", line] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((each) => each.includes(tag));
}

Deno.test("kill -9 of a script with machines leaves nothing on the host at any moment", async (t) => {
  await using place = await Place.create();
  let random = 4711;
  for (let round = 0; round < ROUNDS; round++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const afterMs = (random >> 8) % LATEST_MS;
    await t.step(`after ${afterMs} ms`, async () => {
      const tag = unique("kill");
      const [program, ...args] = scriptCommand("kill_main.ts", [tag]);
      const child = new Deno.Command(program, {
        args,
        env: { TMPDIR: place.temporary },
        stdout: "null",
        stderr: "null",
      }).spawn();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (round === 0) {
        // Proves that the search would find it.
        await waitUntil(async () => (await processes("qemu-system", tag)).length >= 2, {
          what: "two machines",
          timeoutMs: 30_000,
        });
        assert(place.left().length > 0 && (await memories(tag)).length > 0);
      }
      child.kill("SIGKILL");
      await child.status;
      let left: unknown[] = [];
      const nothing = async () => {
        left = [...await processes(tag), ...place.left(), ...await memories(tag)];
        return left.length === 0;
      };
      await waitUntil(nothing, { timeoutMs: 20_000 }).catch(() => assertEquals(left, []));
    });
  }
});

/** Runs a script, and kills it when a process with these words in its command line appears. */
const KILL_AT = `words=$1; shift
"$@" & child=$!
until grep -qsF -f "$words" /proc/[0-9]*/cmdline || ! kill -0 $child; do :; done
kill -9 $child
wait $child`;

Deno.test("kill -9 right before a machine's files are created leaves none of them", async () => {
  await using place = await Place.create();
  const words = `${place.directory}/words`;
  await Deno.writeTextFile(words, `${place.temporary}/netyard-`);
  for (let round = 0; round < 6; round++) {
    const { code } = await new Deno.Command("sh", {
      args: ["-c", KILL_AT, "sh", words, ...scriptCommand("kill_main.ts", [unique("early")])],
      env: { TMPDIR: place.temporary },
      stdout: "null",
      stderr: "null",
    }).output();
    assertEquals(code, 128 + 9);
    const quiet = `! grep -qsF -f ${words} /proc/[0-9]*/cmdline`;
    await waitUntil(
      async () => (await new Deno.Command("sh", { args: ["-c", quiet] }).output()).success,
      { what: "all processes to end", timeoutMs: 20_000 },
    );
    assertEquals(place.left(), [], `in round ${round}`);
  }
});

Deno.test("removed and failed machines leave no descriptor, process or directory", async () => {
  await using place = await Place.create();
  const out = await script("leftovers_main.ts", { env: { TMPDIR: place.temporary } });
  assertEquals(JSON.parse(out.trim().split("\n").at(-1)!), []);
  assertEquals(place.left(), []);
});
