import { apply } from "./apply.ts";
import type { DnsTable, LabState } from "./states/lab.ts";
import type { LabEvent } from "./types.ts";
import { EVENT_VERSION } from "./version.ts";

/**
 * Returns the state of a lab before its first event.
 *
 * @example
 * ```ts
 * import { initialState } from "@netyard/netyard";
 *
 * console.log(initialState().lastSeq); // -1
 * ```
 */
export function initialState(): LabState {
  return {
    version: EVENT_VERSION,
    label: "",
    startedAt: "",
    routers: {},
    devices: {},
    regions: {},
    regionLinks: {},
    dns: { lab: {}, nodes: {} },
    running: {},
    lastSeq: -1,
  };
}

/**
 * Returns the state after an event. Pure: `state` is unchanged, and the result shares the unchanged parts
 * with it. Takes time in proportion to the size of the lab; {@linkcode reduceAll} takes that once.
 *
 * @throws {EventConflictError} the event names an unknown node, interface or command, adds one that
 * exists, or does not follow the state's last event
 *
 * @example
 * ```ts
 * import { initialState, reduce } from "@netyard/netyard";
 *
 * const state = reduce(initialState(), {
 *   version: 1,
 *   seq: 0,
 *   at: "2026-01-02T03:04:05.678Z",
 *   elapsedMs: 0,
 *   kind: "lab-created",
 *   label: "hello",
 * });
 * console.log(state.label); // hello
 * ```
 */
export function reduce(state: LabState, event: LabEvent): LabState {
  return reduceAll([event], state);
}

/**
 * Returns the state after all of these events, starting from `state` or {@linkcode initialState}. Pure, as
 * {@linkcode reduce}.
 *
 * @throws {EventConflictError} an event does not fit the events before it
 *
 * @example
 * ```ts
 * import { EventBus, reduceAll } from "@netyard/netyard";
 *
 * using bus = new EventBus();
 * bus.emit({ kind: "lab-created", label: "hello" });
 * bus.emit({ kind: "nameserver-changed", ip: "198.18.0.53" });
 * const before = reduceAll(bus.history.slice(0, 1));
 * const after = reduceAll(bus.history.slice(1), before);
 * console.log(before.nameserver, after.nameserver); // undefined 198.18.0.53
 * ```
 */
export function reduceAll(
  events: Iterable<LabEvent>,
  state: LabState = initialState(),
): LabState {
  const draft = copyState(state);
  for (const event of events) apply(draft, event);
  return draft;
}

/** Copies a state, so that {@linkcode apply} can change the copy and not the original. */
export function copyState(state: LabState): LabState {
  const nodes: Record<string, DnsTable> = {};
  for (const [node, table] of Object.entries(state.dns.nodes)) nodes[node] = { ...table };
  return {
    ...state,
    routers: { ...state.routers },
    devices: { ...state.devices },
    ...state.vms && { vms: { ...state.vms } },
    ...state.bridges && { bridges: { ...state.bridges } },
    regions: { ...state.regions },
    regionLinks: { ...state.regionLinks },
    dns: { lab: { ...state.dns.lab }, nodes },
    running: { ...state.running },
  };
}
