import { fail, mustBeNew, mustExist, mustMatch, own } from "./draft.ts";
import type { LabEvent, LabState, RouterState } from "./types.ts";
import type { BridgeRulesState, BridgeState } from "./bridge_types.ts";

/** What happens to bridges, routers' LANs among them. */
export function applyToBridges(
  draft: LabState,
  event: LabEvent<
    | "bridge-added"
    | "bridge-removed"
    | "member-attached"
    | "member-detached"
    | "member-disconnected"
    | "member-reconnected"
    | "bridge-partitions-changed"
    | "bridge-impairments-changed"
    | "bridges-routed"
    | "bridges-unrouted"
    | "uplink-enabled"
    | "uplink-disabled"
  >,
): void {
  switch (event.kind) {
    case "bridge-added":
      mustBeNew(draft, event, event.name);
      mustMatch(event, event.name, event.bridge.name);
      draft.bridges = { ...draft.bridges, [event.name]: event.bridge };
      return;
    case "bridge-removed": {
      if (!own(draft.bridges ?? {}, event.name)) fail(event, `there is no bridge "${event.name}"`);
      const { [event.name]: _, ...others } = draft.bridges!;
      if (Object.keys(others).length > 0) draft.bridges = others;
      else delete draft.bridges;
      return;
    }
    case "member-attached":
      mustExist(draft, event, event.member);
      bridgeOrRouter(draft, event, event.bridge);
      return;
    case "member-detached":
      bridgeOrRouter(draft, event, event.bridge);
      return setRules(draft, event, event.bridge, (rules) => plugged(rules, event.member));
    case "member-disconnected":
      return setRules(draft, event, event.bridge, (rules) => ({
        ...rules,
        disconnected: [...new Set([...rules.disconnected ?? [], event.member])],
      }));
    case "member-reconnected":
      return setRules(draft, event, event.bridge, (rules) => plugged(rules, event.member));
    case "bridge-partitions-changed": {
      const { pairs, oneWay, all, isolated } = event.partitions;
      const none = !all && pairs.length + oneWay.length + isolated.length === 0;
      return setRules(
        draft,
        event,
        event.bridge,
        ({ partitions: _, ...rules }) => none ? rules : { ...rules, partitions: event.partitions },
      );
    }
    case "bridge-impairments-changed": {
      const { latencyMs, dropRatePct, bandwidthBps, oneWay } = event.impairments;
      const none = !latencyMs && !dropRatePct && !bandwidthBps && oneWay.length === 0;
      return setRules(
        draft,
        event,
        event.bridge,
        ({ impairments: _, ...rules }) =>
          none ? rules : { ...rules, impairments: event.impairments },
      );
    }
    case "bridges-routed":
    case "bridges-unrouted":
      for (const [one, other] of [[event.a, event.b], [event.b, event.a]]) {
        setRules(draft, event, one, ({ routes = [], ...rules }) => {
          const left = routes.filter((name) => name !== other);
          const now = event.kind === "bridges-routed" ? [...left, other] : left;
          return now.length > 0 ? { ...rules, routes: now } : rules;
        });
      }
      return;
    case "uplink-enabled": {
      const { ipv4, ipv6 } = event;
      return setRules(
        draft,
        event,
        event.bridge,
        (rules) => ({ ...rules, uplink: { ipv4, ipv6 } }),
      );
    }
    case "uplink-disabled":
      return setRules(draft, event, event.bridge, ({ uplink: _, ...rules }) => rules);
    default:
      event satisfies never;
  }
}

/** The bridge of that name, or the router whose LAN it is. */
export function bridgeOrRouter(
  draft: LabState,
  event: LabEvent,
  name: string,
): BridgeState | RouterState {
  return own(draft.bridges ?? {}, name) ?? own(draft.routers, name) ??
    fail(event, `there is no bridge or router "${name}"`);
}

/** What was asked of a bridge, without its impairments; undefined for nothing. */
export function withoutImpairments(
  rules: BridgeRulesState | undefined,
): BridgeRulesState | undefined {
  const { impairments: _, ...others } = rules ?? {};
  return Object.keys(others).length > 0 ? others : undefined;
}

function plugged(
  { disconnected = [], ...rules }: BridgeRulesState,
  member: string,
): BridgeRulesState {
  const left = disconnected.filter((name) => name !== member);
  return left.length > 0 ? { ...rules, disconnected: left } : rules;
}

function setRules(
  draft: LabState,
  event: LabEvent,
  name: string,
  change: (rules: BridgeRulesState) => BridgeRulesState,
): void {
  const { rules: old, ...state } = bridgeOrRouter(draft, event, name);
  const rules = change(old ?? {});
  const next = { ...state, ...Object.keys(rules).length > 0 && { rules } };
  if (own(draft.bridges ?? {}, name)) draft.bridges![name] = next as BridgeState;
  else draft.routers[name] = next as RouterState;
}
