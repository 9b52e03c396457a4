import { assertEquals } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { readFileText } from "../../../native/libc.ts";

const SCRIPT = new URL("./kill_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
const ROUNDS = 20;
/** From before anything is made to long after all of it is there (about 200 ms when idle). */
const LATEST_MS = 700;

/** Processes whose command line carries a tag; without a program for each, which takes long on a busy host. */
function tagged(tag: string): string[] {
  const { stdout } = new Deno.Command("ls", { args: ["/proc"] }).outputSync();
  const names = new TextDecoder().decode(stdout).split("\n");
  return names.filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileText(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      return line.includes(tag) ? [line] : [];
    } catch {
      return []; // It ended while it was looked at.
    }
  });
}

async function links(): Promise<string> {
  const { stdout } = await new Deno.Command("ip", { args: ["-o", "link"] }).output();
  return new TextDecoder().decode(stdout).replaceAll(/(qlen|state|mode|group) \S+/g, "");
}

const mounts = () => readFileText("/proc/self/mountinfo");

function temporaryFiles(): string[] {
  const directory = Deno.env.get("TMPDIR") ?? "/tmp";
  return [...Deno.readDirSync(directory)].map((e) => e.name).filter((n) => n.includes("killed"));
}

Deno.test("kill -9 of the script leaves nothing on the host, whenever it comes", async (t) => {
  const [linksBefore, mountsBefore] = [await links(), mounts()];
  let random = 12345;
  for (let round = 0; round < ROUNDS; round++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const afterMs = (random >> 8) % LATEST_MS;
    await t.step(`after ${afterMs} ms`, async () => {
      const tag = `netyard-kill-${Deno.pid}-${round}`;
      const script = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", CONFIG, SCRIPT, tag],
        stdout: "null",
        stderr: "null",
      }).spawn();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      script.kill("SIGKILL");
      await script.status;
      await waitUntil(() => tagged(tag).length === 0, {
        timeoutMs: 15_000,
        what: "every process of the lab to end",
      });
    });
  }
  assertEquals(await links(), linksBefore);
  assertEquals(mounts(), mountsBefore);
  assertEquals(temporaryFiles(), []);
});
