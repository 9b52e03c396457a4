// A run of 1,000 nodes and 200,000 events, written without a lab: what the page must bear.
import { EventBus } from "../../lib/events/bus.ts";
import type { LabEventBody } from "../../lib/events/types.ts";

const REGIONS = ["asia", "eu", "us", "za"];
const ROUTERS = 99;
const DEVICES = 896;

/** Writes the run into a directory, which is made. Returns the numbers of nodes and of events. */
export async function writeLargeRun(
  directory: string,
  events = 200_000,
): Promise<{ nodes: number; events: number }> {
  let now = Date.parse("2026-01-02T03:04:05Z");
  const start = now;
  using bus = new EventBus({ now: () => now, elapsed: () => now });
  const emit = (body: LabEventBody) => {
    now += 1;
    bus.emit(body);
  };
  emit({ kind: "lab-created", label: "large", seed: 1 });
  for (const [i, name] of REGIONS.entries()) {
    emit({
      kind: "region-added",
      name,
      region: {
        name,
        node: `region-${name}`,
        cidr: `198.18.${i}.0/24`,
        ip: `198.18.${i}.1`,
        cidr6: `2001:db8:${i}::/48`,
        ip6: `2001:db8:${i}::1`,
      },
    });
  }
  emit({ kind: "region-linked", a: "eu", b: "us", link: { latencyMs: 40 } });
  for (let i = 0; i < ROUTERS; i++) emit(routerAdded(i));
  for (let i = 0; i < DEVICES; i++) emit(deviceAdded(i));
  for (let n = 0; bus.history.length < events - 1; n++) for (const body of happening(n)) emit(body);
  emit({ kind: "lab-closed" });
  await Deno.mkdir(directory, { recursive: true });
  const lines = bus.history.map((event) => JSON.stringify(event));
  await Deno.writeTextFile(`${directory}/events.jsonl`, lines.join("\n") + "\n");
  await Deno.writeTextFile(`${directory}/state.json`, JSON.stringify(bus.state));
  console.assert(now > start);
  return { nodes: 1 + REGIONS.length + ROUTERS + DEVICES, events: bus.history.length };
}

function routerAdded(i: number): LabEventBody {
  const name = `router-${i}`;
  return {
    kind: "router-added",
    name,
    router: {
      name,
      nat: i % 3 === 0 ? "none" : "home",
      natV6: "none",
      firewall: i % 3 === 0 ? "none" : "block-inbound",
      ipSupport: "dual-stack",
      upstream: null,
      region: REGIONS[i % REGIONS.length],
      mtu: 1500,
      uplinkIp: `198.18.${i % 4}.${i + 2}`,
      downstreamCidr: `10.0.${i}.0/24`,
      interfaces: [interfaceOf("ix", i, null)],
    },
  };
}

function deviceAdded(i: number): LabEventBody {
  const name = `device-${i}`;
  const iface = interfaceOf("eth0", i, `router-${i % ROUTERS}`);
  return {
    kind: "device-added",
    name,
    device: { name, mtu: 1500, defaultInterface: "eth0", interfaces: [iface] },
  };
}

function interfaceOf(name: string, i: number, gateway: string | null) {
  const ip = `10.0.${i % ROUTERS}.${2 + Math.floor(i / ROUTERS)}`;
  return { name, ip, prefix: 24, mac: "02:00:00:00:00:01", mtu: 1500, gateway, up: true };
}

/** What happens to a device, of several kinds. */
function happening(n: number): LabEventBody[] {
  const node = `device-${(n * 37) % DEVICES}`;
  const at = { node, name: "eth0" };
  switch (n % 4) {
    case 0:
      return [
        { kind: "command-started", node, id: `c${n}`, argv: ["ping", "-c", "3", "198.18.0.2"] },
        { kind: "command-ended", node, id: `c${n}`, code: n % 5 === 0 ? 1 : 0, signal: null },
      ];
    case 1:
      return [{
        kind: "condition-changed",
        ...at,
        direction: "both",
        condition: n % 8 === 1 ? null : { latencyMs: n % 200, lossPct: n % 5 },
      }];
    case 2:
      return [{ kind: n % 8 === 2 ? "link-down" : "link-up", ...at }];
    default:
      return [{ kind: "custom", node, name: "PeerConnected", data: { round: n, rtt: n % 90 } }];
  }
}
