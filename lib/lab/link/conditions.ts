/**
 * The state of links: their conditions in each direction, the condition of a router's downlink, up and
 * down, broken address families, and the choice of the link engine. Imports `options`, `model` and
 * `wiring`. Begin here: a request becomes an effective condition in `applyCondition()`.
 *
 * @module
 */
import {
  composeLimits,
  type LinkCondition,
  type LinkDirection,
  type LinkDirections,
  type LinkEnd,
  resolveCondition,
} from "../../link/mod.ts";
import {
  type Conditions,
  type ConditionState,
  discardImpairment,
  effective,
} from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { InterfaceRecord } from "../model/records.ts";
import { deriveSeed } from "../model/seed.ts";
import { type Defer, undoing } from "../model/undo.ts";

type Direction = keyof Conditions;

/** The directions that an option value means. */
export const DIRECTIONS: Record<LinkDirection, Direction[]> = {
  both: ["up", "down"],
  up: ["up"],
  down: ["down"],
};

/** Returns the condition of each direction, from one for both or one for each. */
export function perDirection(
  given: LinkCondition | LinkDirections | undefined,
): { up: LinkCondition | null; down: LinkCondition | null } {
  if (typeof given === "object" && ("up" in given || "down" in given)) {
    const { up = null, down = null } = given as LinkDirections;
    return { up, down };
  }
  const condition = given as LinkCondition | undefined ?? null;
  return { up: condition, down: condition };
}

/** Sets the condition of one or both directions; restores both on failure. */
export function setCondition(
  core: LabCore,
  iface: InterfaceRecord,
  condition: LinkCondition | null,
  direction: LinkDirection,
): void {
  undoing((defer) => {
    for (const each of DIRECTIONS[direction]) {
      const before = iface.conditions[each].requested;
      change(core, iface, each, condition);
      defer(() => change(core, iface, each, before));
    }
  });
}

/** Applies the requested conditions of an interface whose link is new. */
export function applyConditions(core: LabCore, iface: InterfaceRecord, defer: Defer): void {
  for (const direction of DIRECTIONS.both) {
    defer(() => discardImpairment(iface.conditions[direction]));
    applyEnd(core, iface, direction);
  }
}

/** Removes the impairments of a link that is about to be deleted; the requested conditions stay. */
export function removeImpairments(iface: InterfaceRecord): void {
  for (const direction of DIRECTIONS.both) discardImpairment(iface.conditions[direction]);
}

/** Drops the packets in transit: the link went down. */
export function dropInFlight(iface: InterfaceRecord): void {
  for (const direction of DIRECTIONS.both) iface.conditions[direction].impairment?.drop();
}

/** Applies the effective condition of one direction. */
export function applyEnd(core: LabCore, iface: InterfaceRecord, direction: Direction): void {
  const { node, name, conditions } = iface;
  applyCondition(
    core,
    conditions[direction],
    () => linkEnd(iface, direction),
    `${node.name} ${name} ${direction}`,
  );
}

/** Emits the effective condition of one or both directions; faults count. */
export function emitCondition(
  core: LabCore,
  { node, name, conditions }: InterfaceRecord,
  direction: LinkDirection,
): void {
  const about = { kind: "condition-changed", node: node.name, name } as const;
  const [up, down] = [effective(conditions.up), effective(conditions.down)];
  if (direction === "both" && JSON.stringify(up) === JSON.stringify(down)) {
    core.bus.emit({ ...about, direction, condition: up });
    return;
  }
  for (const each of DIRECTIONS[direction]) {
    core.bus.emit({ ...about, direction: each, condition: effective(conditions[each]) });
  }
}

function change(
  core: LabCore,
  iface: InterfaceRecord,
  direction: Direction,
  to: LinkCondition | null,
): void {
  const impaired = iface.conditions[direction];
  const before = impaired.requested;
  impaired.requested = to;
  try {
    applyEnd(core, iface, direction);
  } catch (error) {
    impaired.requested = before;
    throw error;
  }
}

/** Applies the effective condition to an end of a link. `name` selects its random numbers. */
export function applyCondition(
  core: LabCore,
  impaired: ConditionState,
  end: () => LinkEnd,
  name: string,
): void {
  const { also, shared } = impaired;
  const limits = composeLimits(resolveCondition(effective(impaired)), also);
  if (!limits && !shared) {
    impaired.impairment?.remove();
    impaired.impairment = undefined;
  } else if (impaired.impairment) {
    impaired.impairment.change(limits ?? {}, shared);
  } else {
    const seed = deriveSeed(core.seed, `${name} ${impaired.times}`);
    const at = { ...end(), live: core.isLive };
    impaired.impairment = core.links.impair(at, limits ?? {}, seed, shared);
    impaired.times++;
  }
}

function linkEnd(iface: InterfaceRecord, direction: Direction): LinkEnd {
  const { node, segment } = iface;
  const label = `${node.name} ${iface.name} (${direction})`;
  if (direction === "up") {
    const far = segment.members.get(iface)?.name;
    return { namespace: node.runtime.namespace, index: iface.index, name: iface.name, label, far };
  }
  const { name, index } = segment.members.get(iface)!;
  return { namespace: segment.owner.runtime.namespace, index, name, label };
}
