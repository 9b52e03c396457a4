import type { InterfaceState } from "../../events/states/interface.ts";
import type { LabState } from "../../events/states/lab.ts";
import { conditionText } from "../../events/text.ts";

/** The kind of a node. `unknown` is for a name that no event added. */
export type GraphKind = "ix" | "region" | "router" | "bridge" | "device" | "vm" | "unknown";

/** How a node or a link is: `down` carries nothing, `impaired` has a condition. */
export type Tone = "ok" | "impaired" | "fault" | "down";

/** A node of the topology. */
export interface GraphNode {
  /** Unique: the kind and the name. */
  id: string;
  kind: GraphKind;
  /** Its name in events and logs. */
  name: string;
  /** Its name for people. */
  title: string;
  /** A few words: its address, or its translation. */
  facts: string[];
  tone: Tone;
  /** The IDs of the faults on it. */
  faults: string[];
}

/** A link of the topology. */
export interface GraphLink {
  id: string;
  kind: "attached" | "region" | "route";
  from: string;
  to: string;
  /** The interface at the lower end; null for links of regions and uplinks of routers. */
  iface: string | null;
  /** Its condition, or why it carries nothing; empty where it is unimpaired. */
  label: string;
  tone: Tone;
  faults: string[];
  /** Whether it is where the node hangs in the tree. */
  primary: boolean;
}

/** A topology at one moment. */
export interface Graph {
  nodes: GraphNode[];
  links: GraphLink[];
}

/** The node that routers without a region are attached to. */
const IX = "ix";

type Fault = [id: string, fault: Record<string, unknown>];

/** The topology of a state, in the order in which nodes were added. */
export function graphOf(state: LabState): Graph {
  return new Builder(state).build();
}

class Builder {
  readonly #state: LabState;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #links: GraphLink[] = [];
  readonly #faults: Fault[];

  constructor(state: LabState) {
    this.#state = state;
    this.#faults = Object.entries(state.faults ?? {});
  }

  build(): Graph {
    const { routers, devices, vms = {}, bridges = {}, regions, regionLinks } = this.#state;
    const usesIx = Object.keys(regions).length > 0 ||
      Object.values(routers).some(({ upstream, region }) => !upstream && !region);
    if (usesIx) this.#add("ix", IX, "IX", ["Internet exchange"]);
    for (const { name, node, cidr } of Object.values(regions)) {
      this.#nodes.set(`region ${name}`, {
        ...this.#node("region", node, name, [cidr]),
        id: `region ${name}`,
      });
      this.#link(`region ${name}`, IX, null, {});
    }
    for (const [key, { a, b, link, up }] of Object.entries(regionLinks)) {
      this.#regionLink(key, a, b, link, up);
    }
    for (const router of Object.values(routers)) this.#router(router.name);
    for (const { name, cidr, rules } of Object.values(bridges)) {
      const partitioned = rules?.partitions !== undefined;
      const node = this.#add("bridge", name, name, [partitioned ? "partitioned" : cidr]);
      if (partitioned) node.tone = "fault";
      else if (rules?.impairments) node.tone = "impaired";
      for (const other of rules?.routes ?? []) {
        if (name < other) this.#route(name, other);
      }
    }
    for (const device of Object.values(devices)) this.#host("device", device);
    for (const vm of Object.values(vms)) this.#host("vm", vm, vm.state);
    return { nodes: [...this.#nodes.values()], links: this.#links };
  }

  #node(kind: GraphKind, name: string, title: string, facts: (string | undefined)[]): GraphNode {
    const faults = this.#faults.filter(([, fault]) =>
      fault.node === name && fault.interface === undefined
    ).map(([id]) => id);
    return {
      id: kind === "ix" ? IX : `${kind} ${name}`,
      kind,
      name,
      title,
      facts: facts.filter((fact): fact is string => fact !== undefined && fact !== ""),
      tone: faults.length > 0 ? "fault" : "ok",
      faults,
    };
  }

  #add(kind: GraphKind, name: string, title: string, facts: (string | undefined)[]): GraphNode {
    const node = this.#node(kind, name, title, facts);
    this.#nodes.set(node.id, node);
    return node;
  }

  #router(name: string): void {
    const router = this.#state.routers[name];
    const { nat, natV6, firewall, upstream, region, uplinkIp, uplinkIp6 } = router;
    const node = this.#add("router", name, name, [
      nat === "none" ? undefined : `NAT ${typeof nat === "string" ? nat : "custom"}`,
      natV6 === "none" ? undefined : String(natV6),
      firewallFact(firewall),
      nat === "none" && firewall === "none" ? uplinkIp ?? uplinkIp6 : undefined,
    ]);
    if (router.downlinkCondition !== undefined && node.tone === "ok") node.tone = "impaired";
    if (router.brokenFamilies || router.blockIcmpFragNeeded) node.tone = "fault";
    const to = upstream ? this.#gateway(upstream) : region ? `region ${region}` : IX;
    this.#known(to, String(region ?? upstream ?? IX));
    const uplink = router.interfaces[0];
    this.#link(node.id, to, uplink?.name ?? null, uplink ?? {}, name);
  }

  #host(
    kind: "device" | "vm",
    host: { name: string; interfaces: InterfaceState[]; defaultInterface: string | null },
    vmState?: string,
  ): void {
    const { name, interfaces, defaultInterface } = host;
    const first = interfaces.find((each) => each.name === defaultInterface) ?? interfaces[0];
    const node = this.#add(kind, name, name, [first?.ip ?? first?.ip6, vmState]);
    if (vmState === "failed") node.tone = "fault";
    else if (vmState !== undefined && vmState !== "running" && vmState !== "booting") {
      node.tone = "down";
    }
    let primary = first?.gateway ? first : interfaces.find(({ gateway }) => gateway);
    for (const iface of interfaces) {
      if (!iface.gateway) continue;
      const to = this.#gateway(iface.gateway);
      this.#known(to, iface.gateway);
      this.#link(node.id, to, iface.name, iface, name, iface === primary);
      if (iface === primary) primary = undefined;
    }
  }

  #link(
    from: string,
    to: string,
    iface: string | null,
    state: Partial<InterfaceState>,
    node?: string,
    primary = true,
  ): void {
    const faults = node === undefined
      ? []
      : this.#faults.filter(([, fault]) =>
        fault.node === node && iface !== null && fault.interface === iface
      );
    const unplugged = iface !== null && node !== undefined && this.#isUnplugged(to, node);
    const broken = Object.keys(state.brokenFamilies ?? {});
    const condition = state.condition === undefined ? "" : conditionText(state.condition);
    const down = state.up === false || unplugged;
    const label = state.up === false
      ? "down"
      : unplugged
      ? "unplugged"
      : [condition, ...broken.map((family) => `no ${family}`)].filter(Boolean).join(", ");
    this.#links.push({
      id: `${from}/${iface ?? "uplink"}`,
      kind: "attached",
      from,
      to,
      iface,
      label,
      tone: toneOf({ down, fault: faults.length + broken.length > 0, impaired: label !== "" }),
      faults: faults.map(([id]) => id),
      primary,
    });
  }

  #isUnplugged(gateway: string, node: string): boolean {
    const name = gateway.slice(gateway.indexOf(" ") + 1);
    const rules = (this.#state.bridges?.[name] ?? this.#state.routers[name])?.rules;
    return rules?.disconnected?.includes(node) ?? false;
  }

  #regionLink(key: string, a: string, b: string, link: unknown, up: boolean): void {
    const faults = this.#faults.filter(([, { a: x, b: y }]) =>
      (x === a && y === b) || (x === b && y === a)
    ).map(([id]) => id);
    const condition = conditionText(link);
    this.#links.push({
      id: `regions ${key}`,
      kind: "region",
      from: `region ${a}`,
      to: `region ${b}`,
      iface: null,
      label: up ? condition === "none" ? "" : condition : "broken",
      tone: toneOf({ down: !up, fault: faults.length > 0, impaired: false }),
      faults,
      primary: false,
    });
  }

  #route(a: string, b: string): void {
    this.#links.push({
      id: `route ${a} ${b}`,
      kind: "route",
      from: this.#gateway(a),
      to: this.#gateway(b),
      iface: null,
      label: "routed",
      tone: "ok",
      faults: [],
      primary: false,
    });
  }

  /** The ID of the node that an interface is plugged into. */
  #gateway(name: string): string {
    if (Object.hasOwn(this.#state.routers, name)) return `router ${name}`;
    if (Object.hasOwn(this.#state.bridges ?? {}, name)) return `bridge ${name}`;
    return `unknown ${name}`;
  }

  #known(id: string, name: string): void {
    if (id.startsWith("unknown ") && !this.#nodes.has(id)) {
      this.#add("unknown", name, name, ["not in the log"]);
    }
  }
}

/** A firewall in two words. */
function firewallFact(firewall: unknown): string | undefined {
  if (firewall === "none") return undefined;
  if (firewall === "block-inbound") return "no inbound";
  return typeof firewall === "string" ? firewall : "firewall";
}

function toneOf(is: { down: boolean; fault: boolean; impaired: boolean }): Tone {
  return is.down ? "down" : is.fault ? "fault" : is.impaired ? "impaired" : "ok";
}
