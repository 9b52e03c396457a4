import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import type { LabConfig } from "@netyard/netyard";
import { expandedDevices, topologyFrom, topologyTables } from "../../../lib/lab/config/toml.ts";
import { TomlDocument } from "../../../lib/toml/document.ts";
import { TomlError } from "../../../lib/toml/errors.ts";

const from = (text: string) => topologyFrom(TomlDocument.parse("lab.toml", text));

/** The lines of the message that refuses a text. */
const refused = (text: string) => assertThrows(() => from(text), TomlError).message.split("\n");

Deno.test("a topology file becomes a configuration", () => {
  const config: LabConfig = {
    regions: {
      "us-west": {
        latencies: {
          "us-east": 80,
          "eu-central": { latencyMs: 140, jitterMs: 3, lossPct: 0.5, rateKbit: 50_000 },
        },
      },
    },
    routers: [
      { name: "dc", natV6: "masquerade", region: "us-west", mtu: 1500 },
      {
        name: "lan-client",
        preset: "home",
        nat: {
          mapping: "endpoint-independent",
          portPreservation: false,
          timeouts: { udpSecs: 30, tcpEstablishedSecs: 600 },
        },
        firewall: { inbound: "block", outbound: { tcp: [80, 443], udp: "allow" } },
        ipSupport: "v4-only",
        pool: "private",
        upstream: "dc",
        mtu: 1400,
        downlinkCondition: { rateKbit: 2000 },
        blockIcmpFragNeeded: true,
        downstreamCidr: "192.168.7.0/24",
      },
    ],
    bridges: {
      back: { latencyMs: 3, dropRatePct: 0.5, bandwidthBps: 1_000_000, routes: ["lan-client"] },
    },
    devices: {
      server: {
        interfaces: {
          eth0: { gateway: "dc", ip6: "2001:db8:1:1::9", condition: { latencyMs: 100 } },
        },
      },
      fetcher: {
        count: 10,
        defaultVia: "wlan0",
        mtu: 1300,
        interfaces: {
          wlan0: { gateway: "lan-client", condition: "wifi" },
          eth1: {
            gateway: "back",
            condition: {
              up: { rateKbit: 1000, lossPct: 0.1, reorderPct: 1, duplicatePct: 2, corruptPct: 3 },
              down: "mobile-4g",
            },
          },
        },
      },
      printer: {
        interfaces: { eth0: { gateway: "lan-client", ip: "192.168.7.9" } },
      },
    },
    vms: {
      nas: {
        profile: "tiny",
        memory: "128M",
        cpus: 2,
        bridges: ["back"],
        accel: "tcg",
        bootCache: false,
      },
    },
  };
  assertEquals(
    from(`
# an older file's ways of writing
[region.us-west]
latencies = { us-east = 80, eu-central = { latency_ms = 140, jitter_ms = "3", loss_pct = 0.5, rate_kbit = 50000 } }

[[router]]
name = "dc"
nat_v6 = "masquerade"
region = "us-west"
mtu = "1500"

[[router]]
name = "lan-client"
preset = "home"
nat = { mapping = "endpoint-independent", port_preservation = false, timeouts = { udp_secs = 30, tcp_established_secs = "600" } }
firewall = { inbound = "block", outbound = { tcp = [80, "443"], udp = "allow" } }
ip_support = "v4-only"
pool = "private"
upstream = "dc"
mtu = 1400
downlink_condition = { rate_kbit = 2000 }
block_icmp_frag_needed = "true"
downstream_cidr = "192.168.7.0/24"

[bridge.back]
latency_ms = "3"
drop_rate_pct = 0.5
bandwidth_bps = 1_000_000
routes = ["lan-client"]

[device.server.eth0]
gateway = "dc"
ip6 = "2001:db8:1:1::9"
impair = { latency_ms = 100 }

[device.fetcher]
count = 10
default_via = "wlan0"
mtu = 1300

[device.fetcher.wlan0]
gateway = "lan-client"
condition = "wifi"

[device.fetcher.eth1]
gateway = "back"

[device.fetcher.eth1.condition]
up = { rate_kbit = "1000", loss_pct = 0.1, reorder_pct = 1, duplicate_pct = "2", corrupt_pct = 3 }
down = "mobile-4g"

[device.printer.eth0]
gateway = "lan-client"
ip = "192.168.7.9"

[vm.nas]
profile = "tiny"
memory = "128M"
cpus = "2"
bridges = ["back"]
accel = "tcg"
boot_cache = false
`),
    config,
  );
  assertEquals(from(""), {});
  assertEquals(from("[device.a]\n[vm.b]\nmemory = '268435456'\n"), {
    devices: { a: { interfaces: {} } },
    vms: { b: { memory: 268_435_456 } },
  });
});

Deno.test("counted devices are known by their common name", () => {
  const config = from("[device.a]\ncount = '3'\n[device.b]\ncount = 1\n[device.c]\n");
  assertEquals([...expandedDevices(config)], [["a", ["a-0", "a-1", "a-2"]]]);
});

Deno.test("the first interface that is written is the one of the default route", () => {
  const { devices } = from(`
[[router]]
name = "r"
[device.a.wlan0]
gateway = "r"
[device.a]
mtu = 1400
[device.a.eth0]
gateway = "r"
`);
  assertEquals(Object.keys(devices!.a.interfaces!), ["wlan0", "eth0"]);
});

Deno.test("a file that is not a topology is refused with the line, the key and the one probably meant", () => {
  assertEquals(
    refused(`
[[router]]
name = "dc"
nta = "home"
nat = "hoem"
mtu = "big"
downlink_condition = { up = "wifi" }
[[router]]
nat = { port_preservation = "yes", timeouts = { udp_secs = 0.5 } }
firewall = { outbound = { tcp = [70000] } }
[device.a]
count = 0
cuont = 3
[device.a.eth0]
condition = { latency_ms = 1, latencyMs = 2, loss_pct = "101" }
[device.b.eth0]
gateway = "dc"
condition = "wifi"
impair = "wifi"
[region.us]
latencies = { eu = "far", asia = 70000, africa = { rtt = 3 } }
[bridge.lan]
bandwidth_bps = 10
[vm.nas]
boot_cahce = true
[devcie.c]
`).map((line) => line.replace(/(\. Keys: |; did you mean "\w+"\? Keys: |one of )[^;]*/, "$1...")),
    [
      'lab.toml:5: "router[0].nat" is "hoem", but must be one of ...; did you mean "home"?',
      'lab.toml:6: "router[0].mtu" is "big", but must be a number',
      'lab.toml:7: unknown key "router[0].downlink_condition.up". Keys: ...',
      'lab.toml:4: unknown key "router[0].nta"; did you mean "nat"? Keys: ...',
      'lab.toml:8: "router[1].name" is missing; it must be a string',
      'lab.toml:9: "router[1].nat.port_preservation" is "yes", but must be true or false',
      'lab.toml:9: "router[1].nat.timeouts.udp_secs" is 0.5, but must be a whole number',
      'lab.toml:10: "router[1].firewall.outbound.tcp[0]" is 70000, but must be at most 65535',
      'lab.toml:12: "device.a.count" is 0, but must be at least 1',
      'lab.toml:13: "device.a.cuont" is 3, but must be a table, as an interface is; did you mean ' +
      '"count"? Keys: ...',
      'lab.toml:14: "device.a.eth0.gateway" is missing; it must be the name of a router or bridge',
      'lab.toml:15: "device.a.eth0.condition.loss_pct" is "101", but must be at most 100',
      'lab.toml:15: unknown key "device.a.eth0.condition.latencyMs"; did you mean "latency_ms"? ' +
      "Keys: ...",
      'lab.toml:19: "device.b.eth0.impair" is "wifi", but must be left out: it is the older name of ' +
      "condition, which is given too",
      'lab.toml:21: "region.us.latencies.eu" is "far", but must be a number or a region link table',
      'lab.toml:21: "region.us.latencies.asia" is 70000, but must be at most 60000',
      'lab.toml:21: unknown key "region.us.latencies.africa.rtt". Keys: ...',
      'lab.toml:23: "bridge.lan.bandwidth_bps" is 10, but must be at least 1000',
      'lab.toml:25: unknown key "vm.nas.boot_cahce"; did you mean "boot_cache"? Keys: ...',
      'lab.toml:26: unknown key "devcie"; did you mean "device"? Keys: ...',
    ],
  );
});

Deno.test("a topology that cannot be built is refused with the lines, in their order", () => {
  assertEquals(
    refused(`
[device.Foo.eth0]
gateway = "dcc"
[device.peer]
count = 3
default_via = "eth9"
mtu = 1600
eth0 = { gateway = "dc", ip = "10.0.0.4" }
lo = { gateway = "peer" }
[vm.nas]
bridges = [
  "lan",
  "nolan",
]
memory = "12M"
profile = "tinny"
[region.us]
latencies = { eu = 80, us = 3 }
[region.eu.latencies]
us = 90
[bridge.lan]
routes = ["lan", "foo"]
[[router]]
name = "dc"
region = "Eus"
[[router]]
name = "a"
upstream = "b"
mtu = 900
[[router]]
name = "b"
upstream = "a"
[[router]]
name = "peer-1"
ip_support = "v6-only"
downstream_cidr = "10.0.0.0/24"
`).map((line) => line.replace(/; did you mean .*| \(there is no netyard.toml.*/, "")),
    [
      'lab.toml:2: "device.Foo": "Foo" is not a name: use 1 to 32 of a-z, 0-9 and "-", beginning ' +
      "with a letter or a digit",
      'lab.toml:3: "device.Foo.eth0.gateway" is "dcc", but there is no router or bridge of that ' +
      "name; there are: dc, a, b, peer-1, lan",
      'lab.toml:4: "device.peer": the name "peer-1" is already that of a router; names are unique ' +
      "in a lab",
      'lab.toml:6: "device.peer.default_via" is "eth9", but there is no interface of that name; ' +
      "there are: eth0, lo",
      'lab.toml:7: "device.peer.mtu": mtu 1600 is larger than the 1500 of router "dc": larger ' +
      "packets would be lost on the link; raise the router's, or lower this one",
      'lab.toml:8: "device.peer.eth0.ip" is "10.0.0.4", but there are 3 of the device, which ' +
      "cannot share it; leave it out",
      'lab.toml:9: "device.peer.lo": Linux reserves the interface name "lo"; take another, for ' +
      'example "eth0"',
      'lab.toml:9: "device.peer.lo.gateway" is "peer", but that is a device, and it must be a ' +
      "router or bridge; there are: dc, a, b, peer-1, lan",
      'lab.toml:13: "vm.nas.bridges[1]" is "nolan", but there is no router or bridge of that name; ' +
      "there are: dc, a, b, peer-1, lan",
      'lab.toml:15: "vm.nas.memory": "memory" is "12M", but must be at least "64M"',
      'lab.toml:16: "vm.nas.profile": there is no profile "tinny"; there are: tiny, host',
      'lab.toml:18: "region.us.latencies.us": a region has no link to itself; name another one',
      'lab.toml:20: "region.eu.latencies.us" is 90 ms, but "region.us.latencies.eu" is 80 ms: it ' +
      "is one link; make both equal, or leave one out",
      'lab.toml:22: "bridge.lan.routes[0]": it is the bridge itself; name another one',
      'lab.toml:22: "bridge.lan.routes[1]" is "foo", but there is no router or bridge of that name; ' +
      "there are: dc, a, b, peer-1, lan",
      'lab.toml:25: "router[0].region": "Eus" is not a name: use 1 to 32 of a-z, 0-9 and "-", ' +
      "beginning with a letter or a digit",
      'lab.toml:28: "router[1].upstream" is "b", which is behind it in turn: a -> b -> a; attach one ' +
      "of them to the IX",
      'lab.toml:29: "router[1].mtu": mtu 900 is too small for IPv6, which needs 1280; raise it, or ' +
      "make the router v4-only",
      'lab.toml:36: "router[3].downstream_cidr" is "10.0.0.0/24", but the router is v6-only; leave ' +
      "it out",
    ],
  );
});

Deno.test("addresses that are not available are refused with the line", () => {
  assertEquals(
    refused(`
[[router]]
name = "a"
downstream_cidr = "10.0.1.0/29"
[[router]]
name = "b"
downstream_cidr = "10.0.1.0/24"
[device.crowd]
count = 10
eth0 = { gateway = "a" }
[device.e]
eth0 = { gateway = "a", ip = "10.0.2.5" }
`),
    [
      'lab.toml:7: "router[1].downstream_cidr" 10.0.1.0/24 overlaps 10.0.1.0/29 of router "a"; ' +
      "take another",
      'lab.toml:10: "device.crowd.eth0.gateway": the subnet 10.0.1.0/29 is used up: all of its 6 ' +
      "host addresses are taken or reserved; release one, or use a larger subnet",
      'lab.toml:12: "device.e.eth0.ip": cannot take 10.0.2.5: the host addresses of 10.0.1.0/29 are ' +
      "10.0.1.1 to 10.0.1.6",
    ],
  );
});

Deno.test("substituted tables keep the lines of their document", () => {
  const document = TomlDocument.parse(
    "sim.toml",
    '[sim]\nname = "x"\n[[router]]\nname = "${matrix.name}"\n[device.a.eth0]\ngateway = "dc"\n',
  );
  const tables = (name: string) => ({
    router: [{ name }],
    device: { a: { eth0: { gateway: "dc" } } },
  });
  assertEquals(topologyFrom(document, tables("dc")).routers, [{ name: "dc" }]);
  assertThrows(
    () => topologyFrom(document, tables("hub")),
    TomlError,
    'sim.toml:6: "device.a.eth0.gateway" is "dc", but there is no router or bridge of that name; ' +
      "there are: hub",
  );
  assertThrows(() => topologyFrom(document), TomlError, 'sim.toml:1: unknown key "sim"');
});

Deno.test("the JSON schema of the tables describes every key", () => {
  const schema = z.toJSONSchema(z.strictObject({ ...topologyTables }), { io: "input" });
  const bare: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, inner] of Object.entries(node)) {
      if (key !== "properties") {
        visit(inner, path);
        continue;
      }
      for (const [name, property] of Object.entries(inner as Record<string, object>)) {
        if (!("description" in property)) bare.push(`${path}.${name}`);
        visit(property, `${path}.${name}`);
      }
    }
  };
  visit(schema, "");
  assertEquals(bare, []);
  assert(JSON.stringify(schema).includes("downlink_condition"));
});

Deno.test("prefix delegation has one key, for requesting and delegating routers", () => {
  const config = from(`
    [[router]]
    name = "isp"
    prefix_delegation = { pool = "auto", length = "52", preferred_secs = 60, valid_secs = 120 }
    [[router]]
    name = "home"
    upstream = "isp"
    prefix_delegation = true
    [[router]]
    name = "inner"
    upstream = "home"
    prefix_delegation = { length = 60 }
  `);
  assertEquals(config.routers?.map(({ prefixDelegation }) => prefixDelegation), [
    { pool: "auto", length: 52, preferredSecs: 60, validSecs: 120 },
    true,
    { length: 60 },
  ]);
  const router = (option: string) => `[[router]]\nname = "home"\nprefix_delegation = ${option}\n`;
  assert(refused(router("{ length = 65 }"))[0].includes("length"));
  assert(refused(router("{ length = 60, valid_secs = 5 }"))[0].includes("without a pool"));
  assert(refused(router('{ pol = "auto" }'))[0].includes("pol"));
});
