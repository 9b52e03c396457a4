import { withoutImpairments } from "./bridges.ts";
import type { EventDirection, InterfaceState, LabState } from "./types.ts";

/** The interface with the condition (null: none) in this direction, the other one as it was. */
export function withCondition(
  old: InterfaceState,
  direction: EventDirection,
  wanted: unknown,
): InterfaceState {
  const { condition: before, ...bare } = old;
  const condition = direction === "both"
    ? wanted
    : together({ ...apart(before), [direction]: wanted });
  return condition === null || condition === undefined ? bare : { ...bare, condition };
}

function apart(condition: unknown): { up: unknown; down: unknown } {
  if (typeof condition === "object" && condition !== null) {
    const { up, down, ...others } = condition as Record<string, unknown>;
    if (up !== undefined && down !== undefined && Object.keys(others).length === 0) {
      return { up, down };
    }
  }
  return { up: condition ?? null, down: condition ?? null };
}

// Compared as text: a lab and a reader of its log must come to the same state, and only in the
// lab can two conditions be one object.
function together(both: { up: unknown; down: unknown }): unknown {
  return JSON.stringify(both.up) === JSON.stringify(both.down) ? both.up : both;
}

/** Takes every condition away. */
export function withoutConditions(draft: LabState): void {
  const bare = ({ condition: _, ...rest }: InterfaceState): InterfaceState => rest;
  for (const [name, { downlinkCondition: _, rules, ...router }] of Object.entries(draft.routers)) {
    const kept = withoutImpairments(rules);
    draft.routers[name] = {
      ...router,
      ...kept && { rules: kept },
      interfaces: router.interfaces.map(bare),
    };
  }
  for (const [name, { rules, ...bridge }] of Object.entries(draft.bridges ?? {})) {
    const kept = withoutImpairments(rules);
    draft.bridges![name] = { ...bridge, ...kept && { rules: kept } };
  }
  for (const [key, link] of Object.entries(draft.regionLinks)) {
    draft.regionLinks[key] = { ...link, link: {} };
  }
  for (const [name, device] of Object.entries(draft.devices)) {
    draft.devices[name] = { ...device, interfaces: device.interfaces.map(bare) };
  }
  for (const [name, vm] of Object.entries(draft.vms ?? {})) {
    draft.vms![name] = { ...vm, interfaces: vm.interfaces.map(bare) };
  }
}
