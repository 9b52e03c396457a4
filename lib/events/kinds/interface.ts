import defer * as z from "zod";
import {
  findBridge,
  findRouter,
  indexOfInterface,
  own,
  refuse,
  requireSameName,
  updateHost,
  updateInterface,
  updateInterfaces,
} from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import {
  type BrokenFamiliesState,
  interfaceSchema,
  type InterfaceState,
} from "../states/interface.ts";
import { conditionText } from "../text.ts";
import type { LabEvent } from "../types.ts";
import { withCondition } from "./condition.ts";
import type { EventRows } from "./row.ts";

/** Interfaces of routers, devices and virtual machines, and the links that they belong to. */
export const INTERFACE_EVENTS = {
  "interface-added": {
    schema: () => ({ node: part.text, interface: interfaceSchema() }),
    apply: (draft, { node, interface: added }) =>
      updateInterfaces(draft, node, (interfaces) => {
        if (interfaces.some(({ name }) => name === added.name)) {
          refuse(`"${node}" has an interface "${added.name}" already`);
        }
        return [...interfaces, added];
      }),
    text: (event) => [event.node, `interface added${interfacesText([event.interface])}`],
  },

  "interface-removed": {
    schema: () => ({ node: part.text, name: part.text }),
    apply(draft, { node, name }) {
      updateInterfaces(
        draft,
        node,
        (interfaces) => interfaces.toSpliced(indexOfInterface(interfaces, name), 1),
      );
      const host = own(draft.devices, node) ?? own(draft.vms, node);
      if (host?.defaultInterface === name) {
        updateHost(draft, node, () => ({ defaultInterface: null }));
      }
    },
    text: ({ node, name }) => [node, `interface ${name} removed`],
  },

  "interface-replugged": {
    schema: () => ({
      node: part.text,
      name: part.text,
      gateway: part.text,
      interface: interfaceSchema(),
    }),
    apply(draft, { node, name, gateway, interface: moved }) {
      findBridge(draft, gateway);
      requireSameName(name, moved);
      updateInterface(draft, { node, name }, () => ({ ...moved, gateway }));
    },
    text: (event) => [event.node, `interface replugged${interfacesText([event.interface])}`],
  },

  "interface-changed": {
    schema: () => ({ node: part.text, name: part.text, interface: interfaceSchema() }),
    apply(draft, { node, name, interface: changed }) {
      requireSameName(name, changed);
      updateInterface(draft, { node, name }, () => changed);
    },
    text: (event) => [event.node, `interface changed${interfacesText([event.interface])}`],
  },

  "link-down": {
    schema: () => ({ node: part.text, name: part.text }),
    apply: (draft, event) => updateInterface(draft, event, (old) => ({ ...old, up: false })),
    text: ({ node, name }) => [node, `${name} is down`],
  },

  "link-up": {
    schema: () => ({ node: part.text, name: part.text }),
    apply: (draft, event) => updateInterface(draft, event, (old) => ({ ...old, up: true })),
    text: ({ node, name }) => [node, `${name} is up`],
  },

  "condition-changed": {
    schema: () => ({
      node: part.text,
      name: part.text,
      direction: z.enum(["both", "up", "down"]),
      condition: part.json,
    }),
    apply: (draft, event) =>
      updateInterface(
        draft,
        event,
        (old) => withCondition(old, event.direction, event.condition),
      ),
    text: ({ node, name, direction, condition }) => [
      node,
      `condition of ${name}${direction === "both" ? "" : ` (${direction})`}: ${
        conditionText(condition)
      }`,
    ],
  },

  "family-broken": {
    schema: () => ({
      node: part.text,
      name: part.nullableText,
      family: z.enum(["ipv4", "ipv6"]),
      how: part.nullableText,
    }),
    apply(draft, event) {
      const { node, name } = event;
      if (name === null) draft.routers[node] = withFamily(findRouter(draft, node), event);
      else updateInterface(draft, { node, name }, (old) => withFamily(old, event));
    },
    text: ({ node, name, family, how }) => [
      node,
      `${name === null ? "" : `${name}: `}${family === "ipv4" ? "IPv4" : "IPv6"} ${
        how === null ? "works again" : `broken (${how})`
      }`,
    ],
  },
} satisfies Partial<EventRows>;

/** Interfaces with their addresses and gateways, as the end of a message. */
export function interfacesText(interfaces: readonly InterfaceState[]): string {
  const each = interfaces.map(({ name, ip, ip6, gateway }) =>
    [name, ip, ip6, gateway && `at ${gateway}`].filter(Boolean).join(" ")
  );
  return each.length > 0 ? `: ${each.join(", ")}` : "";
}

/** A router or an interface with one address family broken, or working again. */
function withFamily<T extends { brokenFamilies?: BrokenFamiliesState }>(
  old: T,
  { family, how }: LabEvent<"family-broken">,
): T {
  const { brokenFamilies, ...rest } = old;
  const { [family]: _, ...others } = brokenFamilies ?? {};
  const broken = how === null ? others : { ...others, [family]: how };
  return (Object.keys(broken).length > 0 ? { ...rest, brokenFamilies: broken } : rest) as T;
}
