import type { BridgeRulesState } from "../states/bridge.ts";
import type { InterfaceState } from "../states/interface.ts";
import type { LabState } from "../states/lab.ts";
import type { EventDirection } from "../types.ts";

/** The interface with another condition (null: none) in this direction; the other one is unchanged. */
export function withCondition(
  old: InterfaceState,
  direction: EventDirection,
  requested: unknown,
): InterfaceState {
  const { condition: before, ...rest } = old;
  const condition = direction === "both"
    ? requested
    : joined({ ...separate(before), [direction]: requested });
  return condition === null || condition === undefined ? rest : { ...rest, condition };
}

interface Directions {
  up: unknown;
  down: unknown;
}

function separate(condition: unknown): Directions {
  if (typeof condition === "object" && condition !== null) {
    const { up, down, ...others } = condition as Record<string, unknown>;
    if (up !== undefined && down !== undefined && Object.keys(others).length === 0) {
      return { up, down };
    }
  }
  return { up: condition ?? null, down: condition ?? null };
}

// Compares text: a lab and a reader of its log must come to the same state, and only in the lab can
// two conditions be the same object.
function joined(both: Directions): unknown {
  return JSON.stringify(both.up) === JSON.stringify(both.down) ? both.up : both;
}

/** Removes every condition: those of interfaces, downlinks, bridges and links between regions. */
export function removeConditions(draft: LabState): void {
  for (const [name, { downlinkCondition: _, ...router }] of Object.entries(draft.routers)) {
    draft.routers[name] = withoutConditions(withoutImpairments(router));
  }
  for (const [name, bridge] of Object.entries(draft.bridges ?? {})) {
    draft.bridges![name] = withoutImpairments(bridge);
  }
  for (const [name, device] of Object.entries(draft.devices)) {
    draft.devices[name] = withoutConditions(device);
  }
  for (const [name, vm] of Object.entries(draft.vms ?? {})) {
    draft.vms![name] = withoutConditions(vm);
  }
  for (const [key, link] of Object.entries(draft.regionLinks)) {
    draft.regionLinks[key] = { ...link, link: {} };
  }
}

function withoutConditions<T extends { interfaces: InterfaceState[] }>(node: T): T {
  return { ...node, interfaces: node.interfaces.map(({ condition: _, ...rest }) => rest) };
}

function withoutImpairments<T extends { rules?: BridgeRulesState }>({ rules, ...node }: T): T {
  const { impairments: _, ...others } = rules ?? {};
  return { ...node, ...Object.keys(others).length > 0 && { rules: others } } as T;
}
