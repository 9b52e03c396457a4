/** Helpers for the tests of virtual machines. */
import { assert, assertEquals } from "@std/assert";
import type { Device, Lab, LabEvent, Vm } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { readFileText } from "../../../native/libc.ts";
import { eventsOf, pings as nodePings } from "../../lab/kit.ts";

/** Whether one ping is answered within a second, from a guest or a node. */
export async function pings(from: Vm | Device, to: string): Promise<boolean> {
  if ("command" in from) return await nodePings(from, to);
  return (await from.run(["ping", "-c", "1", "-W", "1", to])).ok();
}

/** Pings all at the same time, and returns the results that were not expected. */
export async function expectPings(cases: [from: Vm | Device, to: string, answers: boolean][]) {
  const wrong = await Promise.all(cases.map(async ([from, to, answers]) => {
    if (await pings(from, to) === answers) return [];
    return [`${from.name} -> ${to}: ${answers ? "no answer" : "an answer"}`];
  }));
  assertEquals(wrong.flat(), []);
}

/** Returns the output of a shell command in a guest, without the last line break. */
export async function text(vm: Vm, line: string): Promise<string> {
  return (await vm.run(line)).assertOk().stdout.trimEnd();
}

/** Returns the carrier that the guest sees, once it is the expected one. */
export async function carrierIs(vm: Vm, link: string, carrier: 0 | 1): Promise<void> {
  await waitUntil(
    async () => await text(vm, `cat /sys/class/net/${link}/carrier`) === String(carrier),
    { what: `carrier ${carrier} on ${link}`, timeoutMs: 10_000 },
  );
}

type StateEvent = LabEvent & { kind: "vm-state-changed" };

/** Returns the changes of a machine's state so far. */
export async function stateEvents(lab: Lab, name: string): Promise<StateEvent[]> {
  const events = await eventsOf(lab);
  return events.filter((event): event is StateEvent & typeof event =>
    event.kind === "vm-state-changed" && event.name === name
  );
}

/** Waits until a machine is in a state. */
export async function until(vm: Vm, state: Vm["state"]): Promise<void> {
  await waitUntil(() => vm.state === state, { what: `${vm.name} ${state}`, timeoutMs: 60_000 });
}

/** Returns the processes of this host whose command line contains all of these words. */
export async function processes(...parts: string[]): Promise<number[]> {
  // One program reads all of them; its own command line has none of the parts. Processes may end meanwhile.
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'grep -saH "" /proc/[0-9]*/cmdline'],
    stderr: "null",
  }).output();
  const commands = new Map<number, string>();
  for (const line of new TextDecoder().decode(stdout).replaceAll("\0", " ").split("\n")) {
    const [, pid, text] = /^\/proc\/(\d+)\/cmdline:(.*)$/.exec(line) ?? [];
    if (pid) commands.set(Number(pid), `${commands.get(Number(pid)) ?? ""}${text}\n`);
  }
  return [...commands].filter(([, text]) => parts.every((part) => text.includes(part)))
    .map(([pid]) => pid);
}

/** Returns the QEMU process of a machine with a unique name. */
export async function qemuOf(name: string): Promise<number> {
  const found = await processes("qemu-system-", `-name guest=${name},`);
  const direct = found.filter((pid) =>
    readFileText(`/proc/${pid}/comm`).trim().startsWith("qemu-system")
  );
  assert(direct.length === 1, `there are ${direct.length} QEMUs of ${name}`);
  return direct[0];
}

/** Returns a unique name for a machine. */
export const unique = (name: string) => `${name}-${crypto.randomUUID().slice(0, 8)}`;
