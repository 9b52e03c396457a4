import {
  type Drawing,
  type DrawnAddresses,
  type DrawnKind,
  type DrawnLink,
  type DrawnNode,
  interfaceKey,
  IX,
  nodeId,
} from "../../drawing/drawing.ts";
import { conditionText, modeText, rateText } from "../../events/text.ts";
import { isOffer, requestOf } from "../options/delegation_options.ts";
import { routerProfile } from "../options/checks.ts";
import type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  LabConfig,
  RouterConfig,
  VmConfig,
} from "./types.ts";

/** Draws a topology. Names that it does not define become nodes of the kind `unknown`. */
export function drawingOf(
  config: LabConfig,
  { title, addresses }: { title?: string; addresses?: DrawnAddresses } = {},
): Drawing {
  return new Builder(config, addresses).build(title);
}

/** Draws one configuration. */
class Builder {
  #nodes = new Map<string, DrawnNode>([
    [IX, { id: IX, kind: "ix", name: IX, facts: [] }],
  ]);
  #links: DrawnLink[] = [];
  /** The IDs of routers and bridges, to which interfaces are attached, by name. */
  #gateways = new Map<string, string>();
  #routes = new Set<string>();
  #config: LabConfig;
  #addresses: DrawnAddresses | undefined;

  constructor(config: LabConfig, addresses: DrawnAddresses | undefined) {
    this.#config = config;
    this.#addresses = addresses;
  }

  build(title: string | undefined): Drawing {
    const { regions = {}, routers = [], bridges = {}, devices = {}, vms = {} } = this.#config;
    for (const [name, { latencies = {} }] of Object.entries(regions)) {
      this.#region(name);
      for (const other of Object.keys(latencies)) this.#region(other);
    }
    for (const { name } of routers) this.#gateways.set(name, nodeId("router", name));
    for (const name of Object.keys(bridges)) this.#gateways.set(name, nodeId("bridge", name));
    for (const router of routers) this.#router(router);
    for (const [name, bridge] of Object.entries(bridges)) this.#bridge(name, bridge);
    for (const [name, device] of Object.entries(devices)) {
      const id = this.#add("device", name, deviceFacts(name, device));
      this.#interfaces(id, device.interfaces ?? {}, device.defaultVia);
    }
    for (const [name, vm] of Object.entries(vms)) this.#vm(name, vm);
    this.#regionLinks();
    for (const [name, { routes = [] }] of Object.entries(bridges)) {
      for (const other of routes) this.#route(nodeId("bridge", name), this.#gateway(other));
    }
    return { title, nodes: [...this.#nodes.values()], links: this.#links };
  }

  #add(kind: DrawnKind, name: string, facts: string[]): string {
    const id = nodeId(kind, name);
    const known = this.#addresses?.nodes.get(id) ?? [];
    this.#nodes.set(id, { id, kind, name, facts: [...facts, ...known] });
    return id;
  }

  #attach(from: string, to: string, facts: string[], iface?: string): void {
    const known = this.#addresses?.interfaces.get(interfaceKey(from, iface)) ?? [];
    this.#links.push({ kind: "attached", from, to, facts: [...facts, ...known] });
  }

  #region(name: string): string {
    const id = nodeId("region", name);
    if (this.#nodes.has(id)) return id;
    this.#add("region", name, []);
    this.#attach(id, IX, []);
    return id;
  }

  /** The node that an interface is attached to. */
  #gateway(name: string): string {
    return this.#gateways.get(name) ?? this.#unknown(name);
  }

  #unknown(name: string): string {
    const id = nodeId("unknown", name);
    return this.#nodes.has(id) ? id : this.#add("unknown", name, ["not defined"]);
  }

  #router(router: RouterConfig): void {
    const id = this.#add("router", router.name, routerFacts(router, this.#addresses !== undefined));
    const { upstream, region } = router;
    if (upstream !== undefined) this.#attach(id, this.#gateway(upstream), []);
    else this.#attach(id, region === undefined ? IX : this.#region(region), []);
  }

  #bridge(name: string, { latencyMs, dropRatePct, bandwidthBps }: BridgeConfig): void {
    this.#add("bridge", name, [
      ...latencyMs ? [`${latencyMs} ms`] : [],
      ...dropRatePct ? [`loss ${dropRatePct} %`] : [],
      ...bandwidthBps ? [rateText(bandwidthBps / 1_000)] : [],
    ]);
  }

  #interfaces(id: string, interfaces: Record<string, InterfaceConfig>, defaultVia?: string): void {
    for (const [name, { gateway, ip, ip6, condition }] of Object.entries(interfaces)) {
      this.#attach(id, this.#gateway(gateway), [
        name === defaultVia ? `${name} (default)` : name,
        ...condition === undefined ? [] : [conditionText(condition)],
        // When the lab is built, they are among its addresses.
        ...this.#addresses ? [] : [ip, ip6].filter((requested) => requested !== undefined),
      ], name);
    }
  }

  #vm(name: string, { profile, memory, cpus, bridges = [] }: VmConfig): void {
    const id = this.#add("vm", name, [
      typeof profile === "object" ? profile.name : profile ?? "tiny",
      ...memory === undefined ? [] : [`${memory}`],
      ...cpus === undefined ? [] : [cpus === 1 ? "1 CPU" : `${cpus} CPUs`],
    ]);
    bridges.forEach((bridge, i) => this.#attach(id, this.#gateway(bridge), [`eth${i}`], `eth${i}`));
  }

  /** Draws each link once, though both ends may name it. */
  #regionLinks(): void {
    const seen = new Set<string>();
    for (const [a, { latencies = {} }] of Object.entries(this.#config.regions ?? {})) {
      for (const [b, link] of Object.entries(latencies)) {
        const key = JSON.stringify([a, b].sort());
        if (seen.has(key)) continue;
        seen.add(key);
        this.#links.push({
          kind: "region",
          from: nodeId("region", a),
          to: nodeId("region", b),
          facts: [conditionText(typeof link === "number" ? { latencyMs: link } : link)],
        });
      }
    }
  }

  #route(from: string, to: string): void {
    const key = JSON.stringify([from, to].sort());
    if (this.#routes.has(key)) return;
    this.#routes.add(key);
    this.#links.push({ kind: "route", from, to, facts: ["routed"] });
  }
}

function deviceFacts(name: string, { count = 1, mtu, clat, ipv6 = {} }: DeviceConfig): string[] {
  const { provisioning, privacy } = ipv6;
  return [
    ...count > 1 ? [`${name}-0 to ${name}-${count - 1}`] : [],
    ...mtu === undefined ? [] : [`MTU ${mtu}`],
    ...clat ? ["CLAT"] : [],
    ...provisioning === undefined ? [] : [`IPv6 ${provisioning}`],
    ...privacy ? ["privacy addresses"] : [],
  ];
}

function routerFacts(router: RouterConfig, built: boolean): string[] {
  const { preset, mtu, downlinkCondition, blockIcmpFragNeeded, downstreamCidr } = router;
  const { prefixDelegation } = router;
  const { nat, natV6, firewall, ipSupport } = routerProfile(router);
  return [
    ...preset === undefined ? [] : [`preset ${preset}`],
    ...nat === "none" ? [] : [`NAT ${modeText(nat)}`],
    ...natV6 === "none" ? [] : [`IPv6 ${natV6}`],
    ...firewall === "none" ? [] : [`firewall ${modeText(firewall)}`],
    ...ipSupport === "dual-stack" ? [] : [ipSupport],
    ...isOffer(prefixDelegation) ? ["delegates IPv6 prefixes"] : [],
    ...requestOf(prefixDelegation) ? ["IPv6 prefix delegated"] : [],
    ...mtu === undefined ? [] : [`MTU ${mtu}`],
    ...downlinkCondition === undefined ? [] : [`downlink ${conditionText(downlinkCondition)}`],
    ...blockIcmpFragNeeded ? ["path-MTU black hole"] : [],
    // When the lab is built, it is among its addresses.
    ...downstreamCidr === undefined || built ? [] : [`LAN ${downstreamCidr}`],
  ];
}
