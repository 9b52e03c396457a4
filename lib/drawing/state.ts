import { conditionText, modeText, rateText } from "../events/text.ts";
import type { InterfaceState } from "../events/states/interface.ts";
import type { BridgeRulesState } from "../events/states/bridge.ts";
import type { LabState } from "../events/states/lab.ts";
import type { RouterState } from "../events/states/router.ts";
import {
  type Drawing,
  type DrawnKind,
  type DrawnLink,
  type DrawnNode,
  IX,
  nodeId,
} from "./drawing.ts";

/**
 * Draws a lab as it was after some of its events: what it had then, with its addresses, its conditions, and
 * what was down or broken.
 */
export function drawingOfState(state: LabState, title: string = state.label): Drawing {
  return new StateDrawing(state).build(title);
}

class StateDrawing {
  #state: LabState;
  #nodes = new Map<string, DrawnNode>([[IX, { id: IX, kind: "ix", name: IX, facts: [] }]]);
  #links: DrawnLink[] = [];

  constructor(state: LabState) {
    this.#state = state;
  }

  build(title: string): Drawing {
    const { regions, routers, bridges = {}, devices, vms = {} } = this.#state;
    for (const { name, cidr, cidr6 } of Object.values(regions)) {
      this.#link(this.#add("region", name, [cidr, cidr6]), IX, []);
    }
    for (const router of Object.values(routers)) {
      this.#add("router", router.name, routerFacts(router));
    }
    for (const { name, cidr, cidr6, rules } of Object.values(bridges)) {
      this.#add("bridge", name, [cidr, cidr6, ...ruleFacts(rules)]);
    }
    for (const router of Object.values(routers)) this.#uplink(router);
    for (const { name, interfaces, defaultInterface } of Object.values(devices)) {
      this.#interfaces(this.#add("device", name, []), interfaces, defaultInterface);
    }
    for (const { name, profile, state, interfaces, defaultInterface } of Object.values(vms)) {
      this.#interfaces(this.#add("vm", name, [profile, state]), interfaces, defaultInterface);
    }
    this.#regionLinks();
    this.#routes();
    return { title, nodes: [...this.#nodes.values()], links: this.#links };
  }

  #add(kind: DrawnKind, name: string, facts: string[]): string {
    const id = nodeId(kind, name);
    this.#nodes.set(id, { id, kind, name, facts });
    return id;
  }

  #link(from: string, to: string, facts: string[]): void {
    this.#links.push({ kind: "attached", from, to, facts });
  }

  #gateway(name: string): string {
    const id = [nodeId("router", name), nodeId("bridge", name)].find((id) => this.#nodes.has(id));
    return id ?? this.#add("unknown", name, ["not known"]);
  }

  #uplink({ name, upstream, region, uplinkIp, uplinkIp6 }: RouterState): void {
    const above = region === null ? IX : nodeId("region", region);
    const to = upstream === null ? above : this.#gateway(upstream);
    this.#link(nodeId("router", name), to, [uplinkIp, uplinkIp6].filter((ip) => ip !== undefined));
  }

  #interfaces(id: string, interfaces: InterfaceState[], defaultInterface: string | null): void {
    for (const iface of interfaces) {
      const { name, gateway, ip, ip6, up, condition, brokenFamilies = {} } = iface;
      if (gateway === null) continue;
      this.#link(id, this.#gateway(gateway), [
        name === defaultInterface && interfaces.length > 1 ? `${name} (default)` : name,
        ...up ? [] : ["down"],
        ...condition === undefined ? [] : [conditionText(condition)],
        ...Object.entries(brokenFamilies).map(([family, how]) => `${family}: ${how}`),
        ...[ip, ip6].filter((each) => each !== undefined),
      ]);
    }
  }

  #regionLinks(): void {
    for (const { a, b, link, up } of Object.values(this.#state.regionLinks)) {
      this.#links.push({
        kind: "region",
        from: nodeId("region", a),
        to: nodeId("region", b),
        facts: [...up ? [] : ["broken"], conditionText(link)],
      });
    }
  }

  /** Draws each route once, though both ends name it. */
  #routes(): void {
    const drawn = new Set<string>();
    const sides = [
      ...Object.values(this.#state.routers),
      ...Object.values(this.#state.bridges ?? {}),
    ];
    for (const { name, rules } of sides) {
      for (const other of rules?.routes ?? []) {
        const key = JSON.stringify([name, other].sort());
        if (drawn.has(key)) continue;
        drawn.add(key);
        const [from, to] = [this.#gateway(name), this.#gateway(other)];
        this.#links.push({ kind: "route", from, to, facts: ["routed"] });
      }
    }
  }
}

function routerFacts(router: RouterState): string[] {
  const { preset, nat, natV6, firewall, ipSupport, downlinkCondition, brokenFamilies = {} } =
    router;
  return [
    ...preset === undefined ? [] : [`preset ${preset}`],
    ...nat === "none" ? [] : [`NAT ${modeText(nat)}`],
    ...natV6 === "none" ? [] : [`IPv6 ${natV6}`],
    ...firewall === "none" ? [] : [`firewall ${modeText(firewall)}`],
    ...ipSupport === "dual-stack" ? [] : [ipSupport],
    ...downlinkCondition === undefined ? [] : [`downlink ${conditionText(downlinkCondition)}`],
    ...router.blockIcmpFragNeeded ? ["path-MTU black hole"] : [],
    ...Object.entries(brokenFamilies).map(([family, how]) => `${family}: ${how}`),
    ...[router.downstreamCidr, router.downstreamCidr6]
      .filter((cidr) => cidr !== undefined).map((cidr) => `LAN ${cidr}`),
    ...ruleFacts(router.rules),
  ];
}

/** What the rules of a bridge, or of a router's LAN, do to frames. */
function ruleFacts(
  { partitions, impairments, disconnected = [], uplink }: BridgeRulesState = {},
): string[] {
  const { pairs = [], oneWay = [], all = false, isolated = [] } = partitions ?? {};
  const { latencyMs = 0, dropRatePct = 0, bandwidthBps = 0 } = impairments ?? {};
  return [
    ...latencyMs ? [`${latencyMs} ms`] : [],
    ...dropRatePct ? [`loss ${dropRatePct} %`] : [],
    ...bandwidthBps ? [rateText(bandwidthBps / 1_000)] : [],
    ...all ? ["all members partitioned"] : [],
    ...pairs.map(({ a, b }) => `${a} and ${b} partitioned`),
    ...oneWay.map(({ from, to }) => `no frames from ${from} to ${to}`),
    ...isolated.map((member) => `${member} isolated`),
    ...disconnected.map((member) => `${member} unplugged`),
    ...uplink ? ["uplink"] : [],
  ];
}
