import { applySettings, settingsOf } from "../bridging/settings.ts";
import { SnapshotError } from "../../vm/saved/saved_machine.ts";
import { barriers } from "../../vm/barrier.ts";
import { allSettled } from "../model/all_settled.ts";
import type { LabCore } from "../model/lab.ts";
import { settleGuests } from "./guests.ts";
import type { VmRecord } from "../model/records.ts";
import { keepSavedLab, LabSnapshot, savedLab } from "./lab_snapshot.ts";
import { mustBeWhole, restoreVm, saveVm } from "./saving.ts";
import type { VmSnapshot } from "./snapshot.ts";

const isOn = ({ machine }: VmRecord) => machine.state === "running" || machine.state === "paused";

/** Takes a snapshot of all virtual machines at one moment. */
export async function saveLab(core: LabCore): Promise<LabSnapshot> {
  core.open("snapshot()");
  const all = [...core.vms.values()];
  const on = all.filter(isOn);
  for (const vm of all) {
    if (["booting", "stopping"].includes(vm.machine.state)) {
      vm.machine.must("snapshot", "snapshot()");
    }
    mustBeWhole(vm, "snapshot()");
  }
  const running = on.filter(({ machine }) => machine.state === "running");
  const bridges = new Map(
    [...core.segments()].map((segment) => [segment.name, settingsOf(segment)]),
  );
  const vms = new Map<string, VmSnapshot | null>(all.map(({ name }) => [name, null]));
  const paused: VmRecord[] = [];
  try {
    try {
      await allSettled(running.map(async (vm) => {
        await vm.machine.pause();
        paused.push(vm);
      }));
      await allSettled(on.map(async (vm) => vms.set(vm.name, await saveVm(core, vm))));
    } finally {
      const still = paused.filter(({ machine }) => machine.state === "paused");
      await allSettled(still.map(({ machine }) => machine.resume()));
      await settleGuests(core);
    }
  } catch (error) {
    for (const snapshot of vms.values()) snapshot?.close();
    throw error;
  }
  const snapshot = new LabSnapshot();
  keepSavedLab(snapshot, { core, saved: { vms, bridges } });
  return snapshot;
}

/** Restores all virtual machines, and the rules of the bridges. */
export async function restoreLab(core: LabCore, snapshot: LabSnapshot): Promise<void> {
  const what = "restore()";
  core.open(what);
  const known = savedLab(snapshot);
  if (known?.core !== core) {
    throw new SnapshotError(
      `${what}: this is not a snapshot of this lab, or it was closed; take another with snapshot()`,
    );
  }
  const { vms, bridges } = known.saved;
  const gone = [...vms.keys()].filter((name) => !core.vms.has(name));
  if (gone.length > 0) {
    throw new SnapshotError(
      `${what}: ${gone.map((name) => `"${name}"`).join(", ")} was removed since the snapshot was ` +
        "taken; add it again with lab.vm() first",
    );
  }
  const pairs = [...vms].map(([name, of]) => ({ vm: core.vms.get(name)!, of }));
  await allSettled(pairs.map(({ vm }) => vm.machine.idle()));
  for (const { vm } of pairs) mustBeWhole(vm, what);
  // Machines that boot or stop now are powered off first.
  const moving = pairs.filter(({ vm }) => ["booting", "stopping"].includes(vm.machine.state));
  await allSettled(moving.map(({ vm }) => vm.machine.powerOff()));
  for (const { vm, of } of pairs) if (of) vm.machine.must("restore", what);
  for (const segment of core.segments()) {
    const settings = bridges.get(segment.name);
    if (settings) applySettings(core, segment, settings);
  }
  await core.links.ready();
  const together = barriers(pairs.filter(({ of }) => of).length);
  await allSettled(pairs.map(async ({ vm, of }) => {
    if (!of) return isOn(vm) ? await vm.machine.powerOff() : undefined;
    const own = together.pop()!;
    try {
      await restoreVm(vm, of, own);
    } finally {
      own.leave();
    }
  }));
}
