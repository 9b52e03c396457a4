import {
  type BridgeState,
  EventBus,
  type EventClock,
  type LabEventBody,
  type LabState,
  reduce,
  type RegionState,
} from "../../lib/events/mod.ts";

/** A clock that advances by a quarter of a second at each reading of the elapsed time. */
export function steppingClock(): EventClock {
  const start = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  let ms = -250;
  return { now: () => start + ms + 250, elapsed: () => ms += 250 };
}

/** The time of the events of {@linkcode next}. */
export const AT = "2026-01-02T03:04:05.678Z";

/** The state after these events, which need no stamps. */
export function next(state: LabState, ...bodies: LabEventBody[]): LabState {
  return bodies.reduce(
    (before, body) =>
      reduce(before, { version: 1, seq: before.lastSeq + 1, at: AT, elapsedMs: 1, ...body }),
    state,
  );
}

/** A bus after all events of the story. */
export function storyBus(): EventBus {
  const bus = new EventBus(steppingClock());
  for (const body of story()) bus.emit(body);
  return bus;
}

/** The n-th region. */
export function regionState(name: string, n: number): RegionState {
  return {
    name,
    node: `region-${name}`,
    cidr: `198.18.${16 * n}.0/20`,
    ip: `198.18.${16 * n}.1`,
    cidr6: `2001:db8:0:${n}::/64`,
    ip6: `2001:db8:0:${n}::1`,
  };
}

/**
 * The events of one lab, at least one of each kind. home and cafe are routers downstream of dc, which is in a
 * region; laptop and phone are devices.
 */
export function story(): LabEventBody[] {
  const eth0 = {
    name: "eth0",
    ip: "10.0.0.2",
    prefix: 24,
    linkLocal6: "fe80::ff:fe00:2",
    mac: "02:00:00:00:00:02",
    mtu: 1500,
    gateway: "home",
    up: true,
    condition: "wifi",
  };
  const wwan0 = {
    name: "wwan0",
    ip6: "2001:db8:1:2::9",
    prefix6: 64,
    mac: "02:00:00:00:00:03",
    mtu: 1400,
    gateway: "cafe",
    up: true,
  };
  const router = {
    natV6: "none",
    firewall: "none",
    ipSupport: "dual-stack",
    upstream: null,
    region: null,
    mtu: 1500,
    interfaces: [],
  };
  return [
    { kind: "lab-created", label: "story", seed: 7 },
    { kind: "region-added", name: "eu", region: regionState("eu", 1) },
    { kind: "region-added", name: "us", region: regionState("us", 2) },
    { kind: "region-added", name: "asia", region: regionState("asia", 3) },
    { kind: "region-linked", a: "eu", b: "us", link: { latencyMs: 40 } },
    { kind: "region-linked", a: "asia", b: "eu", link: { lossPct: 1.5, rateKbit: 1000 } },
    { kind: "region-linked", a: "asia", b: "us", link: {} },
    {
      kind: "router-added",
      name: "dc",
      router: { ...router, name: "dc", nat: "none", region: "eu" },
    },
    {
      kind: "router-added",
      name: "home",
      router: {
        ...router,
        name: "home",
        preset: "home",
        nat: "home",
        firewall: { inbound: "block", outbound: { tcp: [80, 443] } },
        upstream: "dc",
        region: "eu",
        blockIcmpFragNeeded: false,
        uplinkIp: "198.18.16.2",
        uplinkIp6: "2001:db8::2",
        downstreamCidr: "10.0.0.0/24",
        downstreamGateway: "10.0.0.1",
        downstreamCidr6: "fd10:0:1::/64",
        downstreamGateway6: "fd10:0:1::1",
        interfaces: [
          { name: "wan", mac: "02:00:00:00:00:01", mtu: 1500, gateway: "dc", up: true },
          { name: "lan", mac: "02:00:00:00:00:04", mtu: 1500, gateway: null, up: true },
        ],
      },
    },
    { kind: "router-added", name: "cafe", router: { ...router, name: "cafe", nat: "cgnat" } },
    {
      kind: "device-added",
      name: "laptop",
      device: { name: "laptop", mtu: 1500, defaultInterface: "eth0", interfaces: [eth0] },
    },
    {
      kind: "device-added",
      name: "phone",
      device: { name: "phone", mtu: 1500, defaultInterface: null, interfaces: [] },
    },
    { kind: "interface-added", node: "laptop", interface: wwan0 },
    {
      kind: "interface-changed",
      node: "laptop",
      name: "eth0",
      interface: { ...eth0, ip: "10.0.0.3" },
    },
    {
      kind: "interface-replugged",
      node: "laptop",
      name: "eth0",
      gateway: "cafe",
      interface: { ...eth0, ip: "10.0.1.2", gateway: "cafe" },
    },
    { kind: "default-route-changed", node: "laptop", name: "wwan0" },
    { kind: "link-down", node: "laptop", name: "eth0" },
    { kind: "link-up", node: "laptop", name: "eth0" },
    { kind: "link-down", node: "laptop", name: "wwan0" },
    {
      kind: "condition-changed",
      node: "laptop",
      name: "eth0",
      direction: "up",
      condition: { latencyMs: 40, lossPct: 1 },
    },
    { kind: "condition-changed", node: "home", name: "lan", direction: "both", condition: null },
    { kind: "downlink-condition-changed", router: "home", condition: { rateKbit: 20_000 } },
    { kind: "downlink-condition-changed", router: "home", condition: null },
    { kind: "nat-changed", router: "home", nat: { mapping: "address-dependent" } },
    {
      kind: "prefix-delegated",
      router: "home",
      prefix: "2001:db8:8000:100::/56",
      former: "2001:db8:8000::/56",
      downstreamCidr6: "2001:db8:8000:100::/64",
      downstreamGateway6: "2001:db8:8000:100::1",
    },
    {
      kind: "prefix-delegated",
      router: "home",
      prefix: null,
      former: "2001:db8:8000:100::/56",
      downstreamCidr6: null,
      downstreamGateway6: null,
    },
    {
      kind: "prefix-delegated",
      router: "home",
      prefix: "2001:db8:8000:200::/56",
      former: null,
      downstreamCidr6: "2001:db8:8000:200::/64",
      downstreamGateway6: "2001:db8:8000:200::1",
    },
    { kind: "nat-v6-changed", router: "home", natV6: "nptv6" },
    { kind: "nat-v6-changed", router: "home", natV6: "masquerade" },
    {
      kind: "nat-v6-changed",
      router: "home",
      natV6: "nptv6",
      externalCidr6: "2001:db8:2:1::/64",
    },
    { kind: "nat-flushed", router: "home" },
    { kind: "family-broken", node: "home", name: null, family: "ipv6", how: "drop" },
    { kind: "family-broken", node: "laptop", name: "eth0", family: "ipv4", how: "reject" },
    { kind: "family-broken", node: "laptop", name: "eth0", family: "ipv6", how: "drop" },
    { kind: "family-broken", node: "laptop", name: "eth0", family: "ipv4", how: null },
    { kind: "firewall-changed", router: "cafe", firewall: "captive-portal" },
    { kind: "icmp-frag-needed-blocked", router: "home", blocked: true },
    { kind: "ra-changed", router: "home", enabled: true, intervalSecs: 30, lifetimeSecs: 0 },
    { kind: "dns-entry", node: null, name: "example.test", ip: "198.18.16.9" },
    { kind: "dns-entry", node: null, name: "example.test", ip: "2001:db8::9" },
    { kind: "dns-entry", node: "laptop", name: "printer.local", ip: "10.0.1.7" },
    { kind: "dns-entry", node: "phone", name: "printer.local", ip: "10.0.1.8" },
    { kind: "nameserver-changed", ip: "198.18.16.53" },
    { kind: "command-started", node: "laptop", id: "1", argv: ["ping", "-c", "1", "10.0.1.1"] },
    { kind: "command-started", node: "ix", id: "2", argv: ["sleep", "60"] },
    { kind: "command-ended", node: "laptop", id: "1", code: 137, signal: "SIGKILL" },
    { kind: "reflector-started", node: "ix", ip: "198.18.0.1", port: 3478 },
    { kind: "reflector-stopped", node: "ix", ip: "198.18.0.1", port: 3478 },
    { kind: "task-started", node: "laptop", id: "m1", module: "file:///srv/server.ts" },
    { kind: "task-ended", node: "laptop", id: "m1", error: "TypeError: no such thing" },
    { kind: "thread-failed", node: "laptop", error: "Error: uncaught" },
    { kind: "fault-injected", id: "f1", fault: { kind: "link-down", node: "laptop" } },
    { kind: "fault-injected", id: "s1.0", fault: { kind: "flap", node: "laptop", down: "1s" } },
    { kind: "fault-failed", id: "s1.0", error: "Error: no more" },
    { kind: "fault-healed", id: "f1" },
    {
      kind: "schedule-step",
      schedule: "s1",
      step: 0,
      action: { kind: "flap" },
      askedMs: 5000,
      actualMs: 5000.7,
      error: null,
    },
    { kind: "link-engine-failed", error: "it ended", ends: ["laptop eth0 (up)"] },
    { kind: "translation-failed", error: "it ended", nodes: ["carrier"] },
    { kind: "custom", node: "laptop", name: "connected", data: { peer: "phone", tries: [1, 2] } },
    { kind: "region-link-broken", a: "eu", b: "us" },
    { kind: "region-linked", a: "eu", b: "us", link: { latencyMs: 40, jitterMs: 4, lossPct: 1 } },
    { kind: "custom", node: "region-eu", name: "dark", data: null },
    { kind: "region-link-broken", a: "asia", b: "eu" },
    { kind: "region-link-restored", a: "asia", b: "eu" },
    { kind: "region-unlinked", a: "asia", b: "eu" },
    { kind: "region-removed", name: "asia" },
    { kind: "bridge-added", name: "rack", bridge: bridgeState("rack", 7) },
    { kind: "bridge-added", name: "spare", bridge: bridgeState("spare", 8) },
    { kind: "member-attached", bridge: "rack", member: "laptop", interface: "eth1" },
    {
      kind: "bridge-partitions-changed",
      bridge: "rack",
      partitions: {
        pairs: [{ a: "laptop", b: "phone" }],
        oneWay: [{ from: "phone", to: "laptop" }],
        all: false,
        isolated: ["phone"],
      },
    },
    {
      kind: "bridge-impairments-changed",
      bridge: "home",
      impairments: {
        latencyMs: 20,
        dropRatePct: 0,
        bandwidthBps: 1_000_000,
        oneWay: [
          { from: "laptop", to: "phone", latencyMs: 0, dropRatePct: 2.5, bandwidthBps: 0 },
        ],
      },
    },
    { kind: "bridges-routed", a: "rack", b: "home" },
    { kind: "bridges-routed", a: "rack", b: "spare" },
    { kind: "bridges-unrouted", a: "spare", b: "rack" },
    { kind: "member-disconnected", bridge: "rack", member: "laptop" },
    { kind: "member-reconnected", bridge: "rack", member: "laptop" },
    { kind: "member-detached", bridge: "rack", member: "laptop", interface: "eth1" },
    { kind: "uplink-enabled", bridge: "rack", ipv4: true, ipv6: false },
    { kind: "uplink-disabled", bridge: "rack" },
    { kind: "bridge-removed", name: "spare" },
    {
      kind: "vm-added",
      name: "nas",
      vm: {
        name: "nas",
        profile: "tiny",
        memoryBytes: 268_435_456,
        cpus: 1,
        state: "defined",
        mtu: 1500,
        defaultInterface: null,
        interfaces: [],
      },
    },
    { kind: "vm-state-changed", name: "nas", state: "booting", why: null },
    { kind: "vm-state-changed", name: "nas", state: "failed", why: "QEMU ended" },
    { kind: "vm-removed", name: "nas" },
    { kind: "interface-removed", node: "laptop", name: "wwan0" },
    { kind: "device-removed", name: "phone" },
    { kind: "router-removed", name: "dc" },
    { kind: "lab-closed" },
  ];
}

/** The n-th bridge. */
export function bridgeState(name: string, n: number): BridgeState {
  return {
    name,
    cidr: `10.0.${n}.0/24`,
    gateway: `10.0.${n}.1`,
    cidr6: `fd10:0:${n}::/64`,
    gateway6: `fd10:0:${n}::1`,
  };
}
