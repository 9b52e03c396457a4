// A test that passed once and then failed: a run that is kept, and the bundle of the failure.
import { assertEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { failureEvent } from "../../lib/bundle/failures.ts";
import { writeBundle } from "../../lib/bundle/write_bundle.ts";
import type { Failed } from "../../lib/bundle/bundle_info.ts";
import type { Verdict } from "../../lib/record/verdict.ts";

/** The name of the test. It is hostile: texts must stay texts. */
export const TEST_NAME = "peers meet <img src=x onerror=window.hacked=1>";

const FAILED: Failed = { kind: "test", name: TEST_NAME, file: import.meta.url.slice(7) };

/**
 * What the test does:
 *
 *   laptop -- home (NAT) --+
 *                          +-- server
 *                     dc --+
 */
async function peersMeet(lab: Lab, isBroken: boolean): Promise<void> {
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", {
    interfaces: { eth0: { gateway: home, condition: "wifi" } },
  });
  // It runs until the lab is closed. It starts at once, so that both runs have the same order.
  laptop.command("sleep", { args: ["100"], stdin: "null", stdout: "null", stderr: "null" }).spawn();
  await server.$`/bin/echo listening`.quiet();
  if (isBroken) await lab.inject({ kind: "link-down", node: server, interface: "eth0" });
  const { code } = await laptop.$`ping -c 1 -W ${isBroken ? 1 : 20} ${server.ip!}`.noThrow()
    .quiet();
  lab.emit("met", { code }, laptop);
  // The place that the error names.
  assertEquals(code, 0, `no answer from the server: ${'<b onclick="window.hacked=1">bold</b>'}`);
}

/**
 * Runs the test twice: `passed` in the folder has the run that passed, `failures` the bundle of the other.
 *
 * @returns the directory of the bundle
 */
export async function passAndFail(root: string, verdict?: Verdict): Promise<string> {
  for (const isBroken of [false, true]) {
    const name = isBroken ? "failed" : "passed";
    const lab = await Lab.create({
      label: "peers-meet",
      seed: 42,
      record: "events",
      outDir: { exact: `${root}/${name}` },
    });
    let thrown: unknown;
    try {
      await peersMeet(lab, isBroken);
    } catch (error) {
      thrown = error;
      lab.emit(failureEvent(FAILED), { message: (error as Error).message });
    }
    const { label, seed, linkEngine = null } = lab;
    await lab.close();
    if (isBroken !== (thrown !== undefined)) throw new Error(`the test went wrong: ${thrown}`);
    if (!isBroken) continue;
    const bundle = await writeBundle(`${root}/failures`, {
      ...{ failed: FAILED, error: thrown, label, seed, linkEngine },
      verdict: verdict ?? lab.verdict,
      run: `${root}/${name}`,
    });
    await Deno.remove(`${root}/${name}`, { recursive: true });
    return bundle;
  }
  throw new Error("not reached");
}
