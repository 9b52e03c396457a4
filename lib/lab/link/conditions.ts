import {
  composeLimits,
  type LinkCondition,
  type LinkDirection,
  type LinkDirections,
  type LinkEnd,
  resolveCondition,
} from "../../link/mod.ts";
import {
  abandon,
  type Conditions,
  type ConditionState,
  inForce,
} from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { InterfaceRecord } from "../model/records.ts";
import { deriveSeed } from "../model/seed.ts";
import { type Defer, undoing } from "../model/undo.ts";

type Way = keyof Conditions;

/** The directions that a direction means. */
export const WAYS: Record<LinkDirection, Way[]> = {
  both: ["up", "down"],
  up: ["up"],
  down: ["down"],
};

/** Each direction's condition, of one for both or of each apart. */
export function apart(
  given: LinkCondition | LinkDirections | undefined,
): { up: LinkCondition | null; down: LinkCondition | null } {
  if (typeof given === "object" && ("up" in given || "down" in given)) {
    const { up = null, down = null } = given as LinkDirections;
    return { up, down };
  }
  const condition = given as LinkCondition | undefined ?? null;
  return { up: condition, down: condition };
}

/** Puts a condition in force in one or both directions; on failure both are as before. */
export function setCondition(
  core: LabCore,
  iface: InterfaceRecord,
  condition: LinkCondition | null,
  direction: LinkDirection,
): void {
  undoing((defer) => {
    for (const way of WAYS[direction]) {
      const before = iface.conditions[way].asked;
      change(core, iface, way, condition);
      defer(() => change(core, iface, way, before));
    }
  });
}

/** Puts in force what was asked of an interface whose link was just made. */
export function applyConditions(core: LabCore, iface: InterfaceRecord, defer: Defer): void {
  for (const way of WAYS.both) {
    defer(() => abandon(iface.conditions[way]));
    putEnd(core, iface, way);
  }
}

/** Lets go of a link that is about to go; what was asked stays. */
export function abandonConditions(iface: InterfaceRecord): void {
  for (const way of WAYS.both) abandon(iface.conditions[way]);
}

/** Loses what is on its way: the link went down. */
export function dropInFlight(iface: InterfaceRecord): void {
  for (const way of WAYS.both) iface.conditions[way].impairment?.drop();
}

/** Puts in force what is to be in force in one direction. */
export function putEnd(core: LabCore, iface: InterfaceRecord, way: Way): void {
  const { node, name, conditions } = iface;
  put(core, conditions[way], () => linkEnd(iface, way), `${node.name} ${name} ${way}`);
}

/** Tells what is in force now, in one or both directions: a fault may have put it there. */
export function tellCondition(
  core: LabCore,
  { node, name, conditions }: InterfaceRecord,
  direction: LinkDirection,
): void {
  const about = { kind: "condition-changed", node: node.name, name } as const;
  const [up, down] = [inForce(conditions.up), inForce(conditions.down)];
  if (direction === "both" && JSON.stringify(up) === JSON.stringify(down)) {
    core.bus.emit({ ...about, direction, condition: up });
    return;
  }
  for (const way of WAYS[direction]) {
    core.bus.emit({ ...about, direction: way, condition: inForce(conditions[way]) });
  }
}

function change(core: LabCore, iface: InterfaceRecord, way: Way, to: LinkCondition | null): void {
  const impaired = iface.conditions[way];
  const before = impaired.asked;
  impaired.asked = to;
  try {
    putEnd(core, iface, way);
  } catch (error) {
    impaired.asked = before;
    throw error;
  }
}

/** Has an end be impaired as it was asked. `name` is that of its chance. */
export function put(
  core: LabCore,
  impaired: ConditionState,
  end: () => LinkEnd,
  name: string,
): void {
  const { also, shared } = impaired;
  const limits = composeLimits(resolveCondition(inForce(impaired)), also);
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

function linkEnd(iface: InterfaceRecord, way: Way): LinkEnd {
  const { node, segment } = iface;
  const label = `${node.name} ${iface.name} (${way})`;
  if (way === "up") {
    const far = segment.members.get(iface)?.name;
    return { namespace: node.runtime.namespace, index: iface.index, name: iface.name, label, far };
  }
  const { name, index } = segment.members.get(iface)!;
  return { namespace: segment.owner.runtime.namespace, index, name, label };
}
