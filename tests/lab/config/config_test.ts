import { assertEquals, assertRejects } from "@std/assert";
import { InvalidOptionError, Lab, type LabConfig, TopologyError } from "@netyard/netyard";
import { expandedDevices } from "../../../lib/lab/config/names.ts";
import type { ConfigHost } from "../../../lib/lab/config/members.ts";
import { planConfig } from "../../../lib/lab/config/plan.ts";

/** The faults of a configuration. */
function faultsOf(config: LabConfig, host: ConfigHost = {}): string[] {
  const result = planConfig(config, host);
  return "faults" in result ? result.faults.map(({ message }) => message) : [];
}

function planOf(config: LabConfig) {
  const result = planConfig(config, {});
  if ("faults" in result) throw new Error(result.faults.map(({ message }) => message).join("\n"));
  return result.plan;
}

const on = (gateway: string) => ({ interfaces: { eth0: { gateway } } });

Deno.test("a router is built after its upstream, whatever their order", () => {
  const { routers } = planOf({
    routers: [
      { name: "inner", upstream: "home" },
      { name: "dc" },
      { name: "home", upstream: "isp" },
      { name: "isp" },
    ],
  });
  assertEquals(routers.map(({ config }) => config.name), ["isp", "home", "inner", "dc"]);
});

Deno.test("a region that only a latency names is added too, and a link that both ends name is one link", () => {
  const { regions, links } = planOf({
    regions: {
      us: { latencies: { eu: 80, asia: { latencyMs: 150, lossPct: 1 } } },
      eu: { latencies: { us: { latencyMs: 80, jitterMs: 0 } } },
    },
  });
  assertEquals([...regions.keys()], ["us", "eu", "asia"]);
  assertEquals(links.map(({ a, b, link }) => ({ a, b, link })), [
    { a: "us", b: "eu", link: { latencyMs: 80 } },
    { a: "us", b: "asia", link: { latencyMs: 150, lossPct: 1 } },
  ]);
});

Deno.test("counted devices have numbers, a single one does not, and devices with requested addresses are first", () => {
  const config: LabConfig = {
    routers: [{ name: "dc", downstreamCidr: "10.5.0.0/24" }],
    devices: {
      peer: { count: 3, ...on("dc") },
      one: { count: 1, ...on("dc") },
      server: { interfaces: { eth0: { gateway: "dc", ip: "10.5.0.2" } } },
    },
  };
  const { devices } = planOf(config);
  assertEquals(devices.map(({ name }) => name), ["server", "peer-0", "peer-1", "peer-2", "one"]);
  assertEquals(devices[1].options, on("dc"));
  assertEquals([...expandedDevices(config)], [["peer", ["peer-0", "peer-1", "peer-2"]]]);
});

Deno.test("an unknown name is refused with the known names, and the name that was probably meant", () => {
  const there = 'there are: home, lan; did you mean "home"?';
  assertEquals(
    faultsOf({
      routers: [{ name: "home", upstream: "hoem" }],
      bridges: { lan: { routes: ["homme", "lan"] } },
      devices: { a: { ...on("hom"), defaultVia: "eth1" }, b: on("a") },
      vms: { nas: { bridges: ["HOME"] } },
    }),
    [
      '"routers[0].upstream" is "hoem", but there is no router of that name; there are: home; ' +
      'did you mean "home"?',
      '"bridges.lan.routes[0]" is "homme", but there is no router or bridge of that name; ' + there,
      '"bridges.lan.routes[1]": it is the bridge itself; name another one',
      '"devices.a.defaultVia" is "eth1", but there is no interface of that name; there are: eth0; ' +
      'did you mean "eth0"?',
      '"devices.a.interfaces.eth0.gateway" is "hom", but there is no router or bridge of that ' +
      `name; ${there}`,
      '"devices.b.interfaces.eth0.gateway" is "a", but that is a device, and it must be a router ' +
      "or bridge; there are: home, lan",
      '"vms.nas.bridges[0]" is "HOME", but there is no router or bridge of that name; ' + there,
    ],
  );
});

Deno.test("names follow the rule and are unique, including those of counted devices", () => {
  const long = "x".repeat(31);
  assertEquals(
    faultsOf({
      regions: { "Us": {} },
      routers: [{ name: "ix" }, { name: "dc" }, { name: "dc" }],
      bridges: { "region-eu": {} },
      devices: { "peer-1": {}, peer: { count: 2 }, [long]: { count: 11 }, dc: {} },
      vms: { peer: {}, lo: {} },
    }),
    [
      '"routers[0].name": "ix" is the IX that every lab has; take another',
      '"routers[2].name": the name "dc" is already that of a router; names are unique in a lab',
      '"bridges.region-eu": "region-eu" begins with "region-", which is for the nodes of regions; ' +
      "take another",
      '"devices.peer": the name "peer-1" is already that of a device; names are unique in a lab',
      `"devices.${long}": "${long}-10" is not a name: use 1 to 32 of a-z, 0-9 and "-", ` +
      "beginning with a letter or a digit",
      '"devices.dc": the name "dc" is already that of a router; names are unique in a lab',
      '"vms.peer": the name "peer" is already that of a device; names are unique in a lab',
      '"regions.Us": "Us" is not a name: use 1 to 32 of a-z, 0-9 and "-", beginning with a letter ' +
      "or a digit",
    ],
  );
});

Deno.test("circles of upstream routers are refused, and the message shows them", () => {
  assertEquals(
    faultsOf({
      routers: [
        { name: "x", upstream: "a" },
        { name: "a", upstream: "b" },
        { name: "b", upstream: "a" },
        { name: "self", upstream: "self" },
      ],
    }),
    [
      '"routers[1].upstream" is "b", which is behind it in turn: a -> b -> a; attach one of them ' +
      "to the IX",
      '"routers[3].upstream": a router cannot be behind itself; leave it out, or name another router',
    ],
  );
});

Deno.test("a region is linked with other regions only, by one link each", () => {
  assertEquals(
    faultsOf({
      regions: {
        us: { latencies: { eu: 80, us: 1 } },
        eu: { latencies: { us: { latencyMs: 80, lossPct: 1 } } },
      },
    }),
    [
      '"regions.us.latencies.us": a region has no link to itself; name another one',
      '"regions.eu.latencies.us" is 80 ms, a loss of 1 %, but "regions.us.latencies.eu" is 80 ms: ' +
      "it is one link; make both equal, or leave one out",
    ],
  );
});

Deno.test("options that exclude each other are refused", () => {
  assertEquals(
    faultsOf({
      regions: { us: {} },
      routers: [
        { name: "v6", ipSupport: "v6-only", downstreamCidr: "10.7.0.0/24" },
        { name: "v4", ipSupport: "v4-only", upstream: "v6" },
        { name: "small", mtu: 1000 },
        { name: "far", upstream: "small", region: "us" },
      ],
      devices: {
        big: { mtu: 9000, ...on("v6") },
        twins: { count: 2, interfaces: { eth0: { gateway: "v4", ip: "10.7.0.9" } } },
        odd: { interfaces: { lo: { gateway: "v4" } } },
      },
      vms: {
        nas: { memory: "1M", profile: "tinny", bridges: Array(9).fill("v4") },
        big: { memory: "4G" },
      },
    }, {
      memoryBytes: 2 ** 31,
      checkProfile: (what, name) => {
        throw new TopologyError(`${what}: there is no profile "${name}"`);
      },
    }),
    [
      '"vms.big": the name "big" is already that of a device; names are unique in a lab',
      '"routers[0].downstreamCidr" is "10.7.0.0/24", but the router is v6-only; leave it out',
      '"routers[1].upstream": it is v4-only, but its upstream "v6" is v6-only: they have no ' +
      "address family in common",
      '"routers[2].mtu": mtu 1000 is too small for IPv6, which needs 1280; raise it, or make the ' +
      "router v4-only",
      '"routers[3].region": a router behind "small" is in the region of that router; leave out ' +
      "the region, or the upstream",
      '"devices.big.mtu": mtu 9000 is larger than the 1500 of router "v6": larger packets would be ' +
      "lost on the link; raise the router's, or lower this one",
      '"devices.twins.interfaces.eth0.ip" is "10.7.0.9", but there are 2 of the device, which ' +
      "cannot share it; leave it out",
      '"devices.odd.interfaces.lo": Linux reserves the interface name "lo"; take another, for ' +
      'example "eth0"',
      '"vms.nas.bridges" are 9, but it has 8 slots for them',
      '"vms.nas.memory": "memory" is "1M", but must be at least "64M"',
      '"vms.nas.profile": there is no profile "tinny"',
      '"vms.big.memory": "memory" is "4G", but this host has 2048M in total: request less',
    ],
  );
});

Deno.test("a lack of addresses is refused, with the place that gets none", () => {
  assertEquals(
    faultsOf({
      regions: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`r${i}`, {}])),
      routers: [
        { name: "early", nat: "home" },
        { name: "home", nat: "home", downstreamCidr: "10.0.1.0/24" },
        { name: "over", downstreamCidr: "10.0.1.128/25" },
        { name: "none", downstreamCidr: "10.0.0.0/99" },
        { name: "v6", ipSupport: "v6-only" },
        { name: "v4", ipSupport: "v4-only" },
        { name: "behind", upstream: "home" },
      ],
      devices: {
        crowd: { count: 300, ...on("home") },
        gateway: { interfaces: { eth0: { gateway: "home", ip: "10.0.1.1" } } },
        outside: { interfaces: { eth0: { gateway: "home", ip: "10.0.2.1" } } },
        inner: { interfaces: { eth0: { gateway: "home", ip: "10.0.1.2" } } },
        six: { interfaces: { eth0: { gateway: "v6", ip: "10.0.2.1" } } },
        far: { interfaces: { eth0: { gateway: "home", ip6: "fd10:0:9::2" } } },
        twin: { interfaces: { eth0: { gateway: "home", ip6: "fd10:0:2::2" } } },
        four: { interfaces: { eth0: { gateway: "v4", ip6: "fd10:0:2::3" } } },
      },
    }),
    [
      '"regions.r15": a lab has room for 15 regions, and all are taken; remove one first',
      '"routers[2].downstreamCidr" 10.0.1.128/25 overlaps 10.0.1.0/24 of router "home"; take another',
      '"routers[3].downstreamCidr": 10.0.0.0/99 is not a CIDR: an IPv4 prefix length is a whole ' +
      "number from 0 to 32",
      '"devices.gateway.interfaces.eth0.ip": cannot take 10.0.1.1: it is already reserved in the ' +
      "subnet 10.0.1.0/24",
      '"devices.outside.interfaces.eth0.ip": cannot take 10.0.2.1: the host addresses of ' +
      "10.0.1.0/24 are 10.0.1.1 to 10.0.1.254",
      '"devices.inner.interfaces.eth0.ip": 10.0.1.2 is the address of "behind"; take another',
      '"devices.six.interfaces.eth0.ip": 10.0.2.1 is IPv4, which is not there',
      '"devices.far.interfaces.eth0.ip6": cannot take fd10:0:9::2: the host addresses of ' +
      "fd10:0:2::/64 are fd10:0:2::1 to fd10:0:2:0:ffff:ffff:ffff:ffff",
      '"devices.twin.interfaces.eth0.ip6": fd10:0:2::2 is the address of "behind"; take another',
      '"devices.four.interfaces.eth0.ip6": fd10:0:2::3 is IPv6, which is not there',
      '"devices.crowd.interfaces.eth0.gateway": the subnet 10.0.1.0/24 is used up: all of its 254 ' +
      "host addresses are taken or reserved; release one, or use a larger subnet",
    ],
  );
});

Deno.test("a configuration is refused before anything is built", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netyard-config-" });
  const from = (config: unknown) =>
    Lab.fromConfig(config as LabConfig, { outDir: `${directory}/runs` });
  try {
    const home = [{ name: "home" }];
    for (
      const [config, type, message] of [
        [
          { routers: home, devices: { a: { count: 0, ...on("home") } }, bridgs: {} },
          InvalidOptionError,
          'Lab.fromConfig(): "devices.a.count" is 0, but must be at least 1\n' +
          'Lab.fromConfig(): unknown option "bridgs"; did you mean "bridges"? ' +
          "Options: regions, routers, bridges, devices, vms, ipv6",
        ],
        [
          { devices: { a: { count: 1001 } } },
          InvalidOptionError,
          'Lab.fromConfig(): "devices.a.count" is 1001, but must be at most 1000',
        ],
        [
          { devices: { a: { interfaces: { eth0: { gateway: { name: "home" } } } } } },
          InvalidOptionError,
          'Lab.fromConfig(): "devices.a.interfaces.eth0.gateway" is { name: "home" }, but must be ' +
          "the name of a router or bridge",
        ],
        [
          { routers: home, devices: { a: on("home"), b: on("dc") } },
          TopologyError,
          'Lab.fromConfig(): "devices.b.interfaces.eth0.gateway" is "dc", but there is no router ' +
          "or bridge of that name; there are: home",
        ],
      ] as const
    ) {
      const error = await assertRejects(() => from(config), type);
      assertEquals(error.message, message);
    }
    // Not even a directory was made for it.
    assertEquals([...Deno.readDirSync(directory)], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("everything in a configuration is built, and virtual machines are off", async () => {
  await using lab = await Lab.fromConfig({
    regions: { us: { latencies: { eu: 5 } } },
    routers: [
      { name: "early", nat: "home" },
      { name: "inner", upstream: "home", firewall: "block-inbound" },
      { name: "home", preset: "home", region: "us", downstreamCidr: "10.0.1.0/24" },
    ],
    bridges: {
      lan: { latencyMs: 3, dropRatePct: 0.5, bandwidthBps: 1_000_000, routes: ["home", "back"] },
      back: {},
    },
    devices: {
      peer: { count: 2, ...on("lan") },
      pc: {
        interfaces: {
          eth0: { gateway: "inner" },
          eth1: { gateway: "home", ip: "10.0.1.9", condition: { up: "wifi" } },
        },
        defaultVia: "eth1",
        mtu: 1400,
      },
    },
    vms: { nas: { memory: "128M", bridges: ["lan", "home"] } },
  }, { label: "config", seed: 7 });
  assertEquals([lab.label, lab.seed], ["config", 7]);
  assertEquals(lab.regions.map(({ name }) => name), ["us", "eu"]);
  assertEquals(lab.routers.map(({ name }) => name), ["early", "home", "inner"]);
  const { home, inner } = { home: lab.router("home"), inner: lab.router("inner") };
  assertEquals([home.nat, home.region?.name, inner.firewall], [
    "home",
    "us",
    "block-inbound",
  ]);
  assertEquals(home.downstreamCidr, "10.0.1.0/24"); // The one that `early` would have got.
  const lan = lab.bridge("lan");
  assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [3, 0.5, 1_000_000]);
  assertEquals([lan.routes, lab.bridge("back").routes], [["home", "back"], ["lan"]]);
  assertEquals(lan.members, ["peer-0", "peer-1", "nas"]);
  const pc = lab.device("pc");
  assertEquals([pc.defaultInterface?.name, pc.mtu, pc.ip], ["eth1", 1400, "10.0.1.9"]);
  assertEquals(lab.devices.map(({ name }) => name), ["pc", "peer-0", "peer-1"]);
  assertEquals(lab.vms.map(({ name, state }) => [name, state]), [["nas", "defined"]]);
});

Deno.test("a failure while a configuration is built leaves no lab behind", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netyard-config-" });
  const outDir = { exact: `${directory}/run` };
  try {
    const config = { routers: [{ name: "home" }], vms: { nas: { profile: vanishing() } } };
    await assertRejects(
      () => Lab.fromConfig(config as unknown as LabConfig, { outDir }),
      RangeError,
      "it is gone",
    );
    const events = await Deno.readTextFile(`${outDir.exact}/events.jsonl`);
    const kinds = events.trim().split("\n").map((line) => JSON.parse(line).kind);
    assertEquals(kinds, ["lab-created", "router-added", "lab-closed"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** A profile that cannot be used. */
function vanishing() {
  return {
    name: "gone",
    get memoryBytes(): number {
      throw new RangeError("it is gone");
    },
    prepare: () => Promise.reject(new RangeError("it is gone")),
  };
}

Deno.test("a region that only a router or the latencies of another name exists", async () => {
  await using lab = await Lab.fromConfig({
    regions: { eu: { latencies: { asia: 100 } } },
    routers: [{ name: "isp", region: "us" }, { name: "dc", region: "asia" }],
  });
  assertEquals(lab.regions.map(({ name }) => name).sort(), ["asia", "eu", "us"]);
  assertEquals([lab.router("isp").region?.name, lab.router("dc").region?.name], ["us", "asia"]);
});
