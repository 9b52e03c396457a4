import { type Impairments, UNIMPAIRED } from "../../bridge/impairments.ts";
import { namesIn, type Partitions } from "../../bridge/partitions.ts";
import { SnapshotError } from "../../vm/saved/machine.ts";
import { barriers } from "../../vm/barrier.ts";
import { allSettled } from "../model/all_settled.ts";
import { impairDirection, impairWhole } from "../bridging/impair.ts";
import { changePartitions } from "../bridging/partition.ts";
import { impairmentsState } from "../model/bridge_event_state.ts";
import type { LabCore } from "../model/lab.ts";
import { settleGuests } from "./guests.ts";
import type { Segment, VmRecord } from "../model/records.ts";
import { mustBeWhole, restoreVm, saveVm, type VmSnapshot } from "./snapshot.ts";

/** What was asked of a bridge. */
interface BridgeRules {
  partitions: Partitions;
  whole: Impairments;
  directions: Map<string, Impairments>;
}

interface Saved {
  /** By the name; null of one that was off. */
  vms: Map<string, VmSnapshot | null>;
  bridges: Map<string, BridgeRules>;
}

const labs = new WeakMap<LabSnapshot, { core: LabCore; saved: Saved }>();

/**
 * All virtual machines of a lab at one moment, and what was asked of its bridges. Devices and routers
 * are not part of it: what runs in them goes on.
 */
export class LabSnapshot implements Disposable {
  /** When it was taken. */
  readonly takenAt: Date = new Date();

  /** Lets go of its memory. Calling it again does nothing. */
  close(): void {
    for (const snapshot of labs.get(this)?.saved.vms.values() ?? []) snapshot?.close();
    labs.delete(this);
  }

  /** As {@link LabSnapshot.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

const isOn = ({ machine }: VmRecord) => machine.state === "running" || machine.state === "paused";

/** Takes all virtual machines as they are at one moment. */
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
  const bridges = new Map([...core.segments()].map((segment) => [segment.name, rulesOf(segment)]));
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
  labs.set(snapshot, { core, saved: { vms, bridges } });
  return snapshot;
}

/** Puts all virtual machines, and what was asked of the bridges, back to what they were. */
export async function restoreLab(core: LabCore, snapshot: LabSnapshot): Promise<void> {
  const what = "restore()";
  core.open(what);
  const known = labs.get(snapshot);
  if (known?.core !== core) {
    throw new SnapshotError(
      `${what}: this is no snapshot of this lab, or one that was closed; take another by snapshot()`,
    );
  }
  const { vms, bridges } = known.saved;
  const gone = [...vms.keys()].filter((name) => !core.vms.has(name));
  if (gone.length > 0) {
    throw new SnapshotError(
      `${what}: ${gone.map((name) => `"${name}"`).join(", ")} was removed since the snapshot was ` +
        "taken; make it anew by lab.vm() first",
    );
  }
  const pairs = [...vms].map(([name, of]) => ({ vm: core.vms.get(name)!, of }));
  await allSettled(pairs.map(({ vm }) => vm.machine.idle()));
  for (const { vm } of pairs) mustBeWhole(vm, what);
  // What comes up or goes down now is of no use any more.
  const moving = pairs.filter(({ vm }) => ["booting", "stopping"].includes(vm.machine.state));
  await allSettled(moving.map(({ vm }) => vm.machine.powerOff()));
  for (const { vm, of } of pairs) if (of) vm.machine.must("restore", what);
  for (const segment of core.segments()) {
    const rules = bridges.get(segment.name);
    if (rules) apply(core, segment, rules);
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

function rulesOf({ bridging: { partitions, whole, directions } }: Segment): BridgeRules {
  const { pairs, oneWay, all, isolated } = partitions;
  return {
    partitions: {
      pairs: new Set(pairs),
      oneWay: new Set(oneWay),
      all,
      isolated: new Set(isolated),
    },
    whole: { ...whole },
    directions: new Map([...directions].map(([key, way]) => [key, { ...way }])),
  };
}

function apply(core: LabCore, segment: Segment, rules: BridgeRules): void {
  const before = JSON.stringify(impairmentsState(segment));
  changePartitions(core, segment, (partitions) => {
    const { pairs, oneWay, all, isolated } = rulesOf({
      ...segment,
      bridging: { ...segment.bridging, ...rules },
    }).partitions;
    Object.assign(partitions, { pairs, oneWay, all, isolated });
  });
  impairWhole(core, segment, rules.whole);
  const { directions } = segment.bridging;
  for (const key of new Set([...directions.keys(), ...rules.directions.keys()])) {
    const [from, to] = namesIn(key);
    impairDirection(core, segment, from, to, rules.directions.get(key) ?? UNIMPAIRED);
  }
  const impairments = impairmentsState(segment);
  if (JSON.stringify(impairments) === before) return;
  core.bus.emit({ kind: "bridge-impairments-changed", bridge: segment.name, impairments });
}
