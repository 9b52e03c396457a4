import { assert, assertEquals } from "@std/assert";
import { Lab, VmError, type VmSnapshot } from "@netyard/netyard";
import { NetyardError } from "../../../native/error.ts";
import { expectPings, processes, qemuOf, stateEvents, text, unique } from "./kit.ts";

/** The states that may follow each state; "removed" is final. */
const NEXT: Record<string, string[]> = {
  defined: ["booting"],
  booting: ["running", "stopping", "failed", "stopped", "defined"],
  running: ["paused", "stopping", "booting", "failed"],
  paused: ["running", "stopping", "booting", "failed"],
  stopping: ["stopped", "failed"],
  stopped: ["booting"],
  failed: ["booting"],
};

Deno.test("a machine stays usable whatever calls run at the same time", async () => {
  const seed = 20;
  let random = seed;
  const draw = (n: number) => {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    return (random >> 8) % n;
  };
  const name = unique("storm");
  await using lab = await Lab.create({ seed });
  const lan = lab.bridge("lan");
  const other = lab.bridge("other");
  const vm = lab.vm(name, { bridges: [lan] });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: lan } } });
  await vm.boot();
  const kept: VmSnapshot = await vm.snapshot();
  const acts: [string, () => Promise<unknown>][] = [
    ["boot", () => vm.boot()],
    ["boot", () => vm.boot()],
    ["powerOff", () => vm.powerOff()],
    ["shutdown", () => vm.shutdown()],
    ["pause", () => vm.pause()],
    ["resume", () => vm.resume()],
    ["resume", () => vm.resume()],
    ["snapshot", async () => (await vm.snapshot()).close()],
    ["restore", () => vm.restore(kept)],
    ["run", () => vm.run("echo x")],
    ["run", () => vm.run("sleep 0.3")],
    ["kill", async () => Deno.kill(await qemuOf(name), "SIGKILL")],
    ["lab.snapshot", async () => (await lab.snapshot()).close()],
    ["attach", () => other.attach(vm)],
    ["detach", () => other.detach(vm)],
    ["dnsEntry", () => lab.dnsEntry(`n${draw(50)}`, "10.9.9.9")],
    ["disconnect", () => lan.nic(vm).disconnect()],
    ["reconnect", () => lan.nic(vm).reconnect()],
  ];
  const wrong: string[] = [];
  const end = performance.now() + 8_000;
  await Promise.all([0, 1, 2].map(async () => {
    while (performance.now() < end) {
      const [what, act] = acts[draw(acts.length)];
      try {
        await act();
      } catch (error) {
        if (what === "kill") continue;
        const network = !["attach", "detach", "dnsEntry", "disconnect", "reconnect"].includes(what);
        if (!(error instanceof NetyardError) || network && !(error instanceof VmError)) {
          wrong.push(`${what}: ${error}`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, draw(60)));
    }
  }));
  assertEquals(wrong, []);
  const states = (await stateEvents(lab, name)).map(({ state }) => state);
  states.reduce((before, state) => {
    assert(NEXT[before].includes(state), `${before} -> ${state}`);
    return state;
  }, "defined" as string);
  if (vm.state === "paused") await vm.resume();
  await lan.nic(vm).reconnect();
  if (vm.state !== "running") await vm.boot();
  assertEquals((await processes("qemu-system-", `guest=${name},`)).length, 1);
  assertEquals(await text(vm, "hostname"), name);
  await expectPings([[vm, "pc.lan", true], [pc, vm.interface("lan").ip!, true]]);
  assert(states.length > 20, `${states.length}`);
});
