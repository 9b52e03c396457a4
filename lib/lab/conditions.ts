import {
  type Impairment,
  type LinkCondition,
  type LinkDirection,
  type LinkDirections,
  type LinkEnd,
  resolveCondition,
} from "../link/mod.ts";
import type { LabCore } from "./core.ts";
import type { InterfaceRecord } from "./model.ts";
import { deriveSeed } from "./seed.ts";
import { type Defer, undoing } from "./undo.ts";

/** The condition of one direction of a link: what was asked, and what puts it in force. */
export interface Impaired {
  asked: LinkCondition | null;
  impairment: Impairment | undefined;
  /** How often it was impaired, so that chance is not the same each time. */
  times: number;
}

/** Both directions of an interface's link; `up` is what it sends. */
export interface Conditions {
  up: Impaired;
  down: Impaired;
}

type Way = keyof Conditions;

export const unimpaired = (): Impaired => ({ asked: null, impairment: undefined, times: 0 });

/** What a new interface has. */
export const noConditions = (): Conditions => ({ up: unimpaired(), down: unimpaired() });

const WAYS: Record<LinkDirection, Way[]> = { both: ["up", "down"], up: ["up"], down: ["down"] };

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

/** One value for both directions where they are the same, as events and states have it. */
export function together({ up, down }: Conditions): LinkCondition | LinkDirections | null {
  const same = JSON.stringify(up.asked) === JSON.stringify(down.asked);
  return same ? up.asked : { up: up.asked, down: down.asked };
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
    const impaired = iface.conditions[way];
    defer(() => abandon(impaired));
    put(core, impaired, () => linkEnd(iface, way), `${iface.node.name} ${iface.name} ${way}`);
  }
}

/** Lets go of a link that is about to go; what was asked stays. */
export function abandonConditions(iface: InterfaceRecord): void {
  for (const way of WAYS.both) abandon(iface.conditions[way]);
}

/** Takes note that what put it in force failed. */
export function lose(impaired: Impaired): void {
  abandon(impaired);
  impaired.asked = null;
}

/** Loses what is on its way: the link went down. */
export function dropInFlight(iface: InterfaceRecord): void {
  for (const way of WAYS.both) iface.conditions[way].impairment?.drop();
}

function change(core: LabCore, iface: InterfaceRecord, way: Way, to: LinkCondition | null): void {
  const impaired = iface.conditions[way];
  const before = impaired.asked;
  impaired.asked = to;
  try {
    put(core, impaired, () => linkEnd(iface, way), `${iface.node.name} ${iface.name} ${way}`);
  } catch (error) {
    impaired.asked = before;
    throw error;
  }
}

/** Has an end be impaired as it was asked. `name` is that of its chance. */
export function put(core: LabCore, impaired: Impaired, end: () => LinkEnd, name: string): void {
  const limits = resolveCondition(impaired.asked);
  if (!limits) {
    impaired.impairment?.remove();
    impaired.impairment = undefined;
  } else if (impaired.impairment) {
    impaired.impairment.change(limits);
  } else {
    const seed = deriveSeed(core.seed, `${name} ${impaired.times}`);
    impaired.impairment = core.links.impair(end(), limits, seed);
    impaired.times++;
  }
}

export function abandon(impaired: Impaired): void {
  impaired.impairment?.abandon();
  impaired.impairment = undefined;
}

function linkEnd(iface: InterfaceRecord, way: Way): LinkEnd {
  const { node, segment } = iface;
  const label = `${node.name} ${iface.name} (${way})`;
  if (way === "up") {
    return { namespace: node.runtime.namespace, index: iface.index, name: iface.name, label };
  }
  const { name, index } = segment.members.get(iface)!;
  return { namespace: segment.owner.runtime.namespace, index, name, label };
}
