import { findRouter, requireNew, requireSameName, updateRouter } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import { advertisementFields, routerSchema } from "../states/router.ts";
import { conditionText, modeText } from "../text.ts";
import type { EventRows } from "./row.ts";

/** Routers: their life, and every setting that can change while they run. */
export const ROUTER_EVENTS = {
  "router-added": {
    schema: () => ({ name: part.text, router: routerSchema() }),
    apply(draft, { name, router }) {
      requireNew(draft, name);
      requireSameName(name, router);
      draft.routers[name] = router;
    },
    text: ({ name, router }) => {
      const { upstream, region, nat, firewall, uplinkIp, uplinkIp6 } = router;
      const facts = [
        upstream && `upstream ${upstream}`,
        region && `region ${region}`,
        `NAT ${modeText(nat)}`,
        `firewall ${modeText(firewall)}`,
        uplinkIp,
        uplinkIp6,
      ];
      return [name, `router added: ${facts.filter(Boolean).join(", ")}`];
    },
  },

  "router-removed": {
    schema: () => ({ name: part.text }),
    apply(draft, { name }) {
      findRouter(draft, name);
      delete draft.routers[name];
      delete draft.dns.nodes[name];
    },
    text: ({ name }) => [name, "router removed"],
  },

  "nat-changed": {
    schema: () => ({ router: part.text, nat: part.mode }),
    apply: (draft, { router, nat }) => updateRouter(draft, router, { nat }),
    text: ({ router, nat }) => [router, `NAT set to ${modeText(nat)}`],
  },

  "nat-v6-changed": {
    schema: () => ({ router: part.text, natV6: part.text, externalCidr6: part.text.optional() }),
    apply(draft, { router, natV6, externalCidr6 }) {
      const { externalCidr6: _, ...rest } = findRouter(draft, router);
      draft.routers[router] = {
        ...rest,
        natV6,
        ...externalCidr6 !== undefined && { externalCidr6 },
      };
    },
    text: ({ router, natV6 }) => [router, `IPv6 translation set to ${natV6}`],
  },

  "nat-flushed": {
    schema: () => ({ router: part.text }),
    apply: (draft, { router }) => void findRouter(draft, router),
    text: ({ router }) => [router, "NAT mappings flushed"],
  },

  "prefix-delegated": {
    schema: () => ({
      router: part.text,
      prefix: part.nullableText,
      former: part.nullableText,
      downstreamCidr6: part.nullableText,
      downstreamGateway6: part.nullableText,
    }),
    apply(draft, { router, prefix, downstreamCidr6, downstreamGateway6 }) {
      const {
        delegatedPrefix: _prefix,
        downstreamCidr6: _cidr6,
        downstreamGateway6: _gateway6,
        ...rest
      } = findRouter(draft, router);
      draft.routers[router] = {
        ...rest,
        ...prefix !== null && { delegatedPrefix: prefix },
        ...downstreamCidr6 !== null && { downstreamCidr6 },
        ...downstreamGateway6 !== null && { downstreamGateway6 },
      };
    },
    text: ({ router, prefix, former }) => [
      router,
      (prefix === null ? "delegated IPv6 prefix removed" : `IPv6 prefix ${prefix} delegated`) +
      (former === null ? "" : `, was ${former}`),
    ],
  },

  "firewall-changed": {
    schema: () => ({ router: part.text, firewall: part.mode }),
    apply: (draft, { router, firewall }) => updateRouter(draft, router, { firewall }),
    text: ({ router, firewall }) => [router, `firewall set to ${modeText(firewall)}`],
  },

  "ra-changed": {
    schema: () => ({ router: part.text, ...advertisementFields() }),
    apply: (draft, { router, enabled, intervalSecs, lifetimeSecs }) =>
      updateRouter(draft, router, { routerAdvertisement: { enabled, intervalSecs, lifetimeSecs } }),
    text: ({ router, enabled, intervalSecs, lifetimeSecs }) => [
      router,
      enabled
        ? `router advertisements every ${intervalSecs} s, router lifetime ${lifetimeSecs} s` +
          (lifetimeSecs === 0 ? " (no default router)" : "")
        : "router advertisements stopped",
    ],
  },

  "icmp-frag-needed-blocked": {
    schema: () => ({ router: part.text, blocked: part.flag }),
    apply: (draft, { router, blocked }) =>
      updateRouter(draft, router, { blockIcmpFragNeeded: blocked }),
    text: ({ router, blocked }) => [
      router,
      blocked
        ? 'path-MTU black hole: ICMP "fragmentation needed" and "packet too big" are dropped'
        : "no longer a path-MTU black hole",
    ],
  },

  "downlink-condition-changed": {
    schema: () => ({ router: part.text, condition: part.json }),
    apply(draft, { router, condition }) {
      const { downlinkCondition: _, ...rest } = findRouter(draft, router);
      draft.routers[router] = condition === null ? rest : { ...rest, downlinkCondition: condition };
    },
    text: ({ router, condition }) => [router, `downlink condition: ${conditionText(condition)}`],
  },
} satisfies Partial<EventRows>;
