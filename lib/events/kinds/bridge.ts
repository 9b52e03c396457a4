import {
  findBridge,
  own,
  refuse,
  requireNew,
  requireNode,
  requireSameName,
  without,
} from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import {
  type BridgeImpairmentState,
  type BridgeRulesState,
  bridgeSchema,
  type BridgeState,
  impairmentsSchema,
  partitionsSchema,
  uplinkFields,
} from "../states/bridge.ts";
import type { LabState } from "../states/lab.ts";
import type { RouterState } from "../states/router.ts";
import { conditionText } from "../text.ts";
import type { EventRows } from "./row.ts";

/** Bridges, and routers' LANs as bridges: members, partitions, impairments, routes, uplinks. */
export const BRIDGE_EVENTS = {
  "bridge-added": {
    schema: () => ({ name: part.text, bridge: bridgeSchema() }),
    apply(draft, { name, bridge }) {
      requireNew(draft, name);
      requireSameName(name, bridge);
      draft.bridges = { ...draft.bridges, [name]: bridge };
    },
    text: ({ name, bridge }) => [name, `bridge added: ${bridge.cidr}, ${bridge.cidr6}`],
  },

  "bridge-removed": {
    schema: () => ({ name: part.text }),
    apply(draft, { name }) {
      if (!own(draft.bridges, name)) refuse(`there is no bridge "${name}"`);
      const bridges = without(draft.bridges, name);
      if (bridges) draft.bridges = bridges;
      else delete draft.bridges;
    },
    text: ({ name }) => [name, "bridge removed"],
  },

  "member-attached": {
    schema: () => ({ bridge: part.text, member: part.text, interface: part.text }),
    apply(draft, { bridge, member }) {
      requireNode(draft, member);
      findBridge(draft, bridge);
    },
    text: (event) => [event.member, `${event.interface} attached to ${event.bridge}`],
  },

  "member-detached": {
    schema: () => ({ bridge: part.text, member: part.text, interface: part.text }),
    apply: (draft, { bridge, member }) =>
      updateRules(draft, bridge, (rules) => withoutDisconnected(rules, member)),
    text: (
      event,
    ) => [event.member, `${event.interface} detached from ${event.bridge} and removed`],
  },

  "member-disconnected": {
    schema: () => ({ bridge: part.text, member: part.text }),
    apply: (draft, { bridge, member }) =>
      updateRules(draft, bridge, (rules) => ({
        ...rules,
        disconnected: [...new Set([...rules.disconnected ?? [], member])],
      })),
    text: ({ bridge, member }) => [member, `disconnected from ${bridge}`],
  },

  "member-reconnected": {
    schema: () => ({ bridge: part.text, member: part.text }),
    apply: (draft, { bridge, member }) =>
      updateRules(draft, bridge, (rules) => withoutDisconnected(rules, member)),
    text: ({ bridge, member }) => [member, `reconnected to ${bridge}`],
  },

  "bridge-partitions-changed": {
    schema: () => ({ bridge: part.text, partitions: partitionsSchema() }),
    apply(draft, { bridge, partitions }) {
      const { pairs, oneWay, all, isolated } = partitions;
      const none = !all && pairs.length + oneWay.length + isolated.length === 0;
      updateRules(
        draft,
        bridge,
        ({ partitions: _, ...rules }) => none ? rules : { ...rules, partitions },
      );
    },
    text: ({ bridge, partitions: { all, isolated, pairs, oneWay } }) => {
      const parts = [
        ...all ? ["all members from each other"] : [],
        ...isolated.map((name) => `${name} from all`),
        ...pairs.map(({ a, b }) => `${a} from ${b}`),
        ...oneWay.map(({ from, to }) => `${from} to ${to} (one direction)`),
      ];
      return [bridge, parts.length > 0 ? `partitioned: ${parts.join(", ")}` : "no partitions"];
    },
  },

  "bridge-impairments-changed": {
    schema: () => ({ bridge: part.text, impairments: impairmentsSchema() }),
    apply(draft, { bridge, impairments }) {
      const { latencyMs, dropRatePct, bandwidthBps, oneWay } = impairments;
      const none = !latencyMs && !dropRatePct && !bandwidthBps && oneWay.length === 0;
      updateRules(draft, bridge, (rules) => {
        const { impairments: _, ...others } = rules;
        return none ? others : { ...others, impairments };
      });
    },
    text: ({ bridge, impairments: { oneWay, ...whole } }) => [
      bridge,
      [
        `impairments: ${impairmentText(whole)}`,
        ...oneWay.map(({ from, to, ...direction }) =>
          `${from} -> ${to}: ${impairmentText(direction)}`
        ),
      ].join("; "),
    ],
  },

  "bridges-routed": {
    schema: () => ({ a: part.text, b: part.text }),
    apply: (draft, { a, b }) => updateRoutes(draft, a, b, (routes, other) => [...routes, other]),
    text: ({ a, b }) => [a, `routed to ${b}`],
  },

  "bridges-unrouted": {
    schema: () => ({ a: part.text, b: part.text }),
    apply: (draft, { a, b }) => updateRoutes(draft, a, b, (routes) => routes),
    text: ({ a, b }) => [a, `no longer routed to ${b}`],
  },

  "uplink-enabled": {
    schema: () => ({ bridge: part.text, ...uplinkFields() }),
    apply: (draft, { bridge, ipv4, ipv6 }) =>
      updateRules(draft, bridge, (rules) => ({ ...rules, uplink: { ipv4, ipv6 } })),
    text: ({ bridge, ipv4, ipv6 }) => [
      bridge,
      `uplink to the host's networks enabled: ${
        [ipv4 && "IPv4", ipv6 && "IPv6"].filter(Boolean).join(" and ")
      }`,
    ],
  },

  "uplink-disabled": {
    schema: () => ({ bridge: part.text }),
    apply: (draft, { bridge }) => updateRules(draft, bridge, ({ uplink: _, ...rules }) => rules),
    text: ({ bridge }) => [bridge, "uplink to the host's networks disabled"],
  },
} satisfies Partial<EventRows>;

/** Replaces the rules of a bridge or of a router's LAN; a node without any has no `rules`. */
function updateRules(
  draft: LabState,
  name: string,
  change: (rules: BridgeRulesState) => BridgeRulesState,
): void {
  const { rules: old, ...state } = findBridge(draft, name);
  const rules = change(old ?? {});
  const next = { ...state, ...Object.keys(rules).length > 0 && { rules } };
  if (own(draft.bridges, name)) draft.bridges![name] = next as BridgeState;
  else draft.routers[name] = next as RouterState;
}

function withoutDisconnected(
  { disconnected = [], ...rules }: BridgeRulesState,
  member: string,
): BridgeRulesState {
  const others = disconnected.filter((name) => name !== member);
  return others.length > 0 ? { ...rules, disconnected: others } : rules;
}

/** Replaces the routes of both bridges, given those to other bridges than each other. */
function updateRoutes(
  draft: LabState,
  a: string,
  b: string,
  change: (others: string[], peer: string) => string[],
): void {
  // Both must exist before either is changed.
  for (const name of [a, b]) findBridge(draft, name);
  for (const [name, peer] of [[a, b], [b, a]]) {
    updateRules(draft, name, ({ routes: old = [], ...rules }) => {
      const routes = change(old.filter((other) => other !== peer), peer);
      return routes.length > 0 ? { ...rules, routes } : rules;
    });
  }
}

function impairmentText({ latencyMs, dropRatePct, bandwidthBps }: BridgeImpairmentState): string {
  return conditionText({ latencyMs, lossPct: dropRatePct, rateKbit: bandwidthBps / 1000 });
}
