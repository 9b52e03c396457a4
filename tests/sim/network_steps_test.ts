import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PcapReader } from "@netyard/netyard";
import type { LabConfig } from "../../lib/lab/config/types.ts";
import {
  asserts,
  captured,
  failure,
  type LooseStep,
  PAIR,
  passes,
  run,
  sh,
  simulation,
} from "./kit.ts";

/** Pings from a device, and captures the round-trip time. */
const ping = (id: string, device: string, to: string): LooseStep =>
  sh(`ping -c 1 -W 2 ${to}`, {
    id,
    device,
    captures: { ms: { regex: /time=([\d.]+) ms/ } },
  });

/** Fails unless a ping is, or is not, answered. */
const reaches = (device: string, to: string, answers = true, family = ""): LooseStep =>
  sh(`${answers ? "" : "! "}ping ${family} -c 1 -W 1 ${to}`, { device });

Deno.test("a link condition is set for both directions or one, and cleared", async () => {
  const at = { action: "set-link-condition" as const, device: "client" };
  const measure = (id: string) => ping(id, "client", "$NETYARD_IP_server");
  const captures = await captured([
    measure("before"),
    { ...at, condition: { latencyMs: 40 } },
    measure("both"),
    { ...at, condition: { latencyMs: 100 }, direction: "up" },
    measure("up"),
    { ...at, interface: "eth0", condition: { down: { latencyMs: 30 } } },
    measure("down"),
    { ...at, condition: null },
    measure("after"),
  ], { topology: PAIR });
  const ms = (id: string) => Number(captures[`${id}.ms`]);
  const within = (id: string, low: number, high: number) =>
    assert(low <= ms(id) && ms(id) < high, `${id}: ${ms(id)} ms`);
  within("before", 0, 30);
  within("both", 80, 120);
  within("up", 140, 180);
  within("down", 30, 70);
  within("after", 0, 30);
});

Deno.test("a condition may differ by direction, and may have one for each", async () => {
  const captures = await captured([
    {
      action: "set-link-condition",
      device: "client",
      condition: { up: { latencyMs: 50 }, down: { latencyMs: 20 } },
    },
    ping("p", "client", "$NETYARD_IP_server"),
  ], { topology: PAIR });
  const ms = Number(captures["p.ms"]);
  assert(70 <= ms && ms < 110, `${ms} ms`);
});

Deno.test("links go down and come up", async () => {
  const reach = (answers: boolean) => reaches("client", "$NETYARD_IP_server", answers);
  await passes(simulation([
    reach(true),
    { action: "link-down", device: "client" },
    reach(false),
    { action: "link-up", device: "client", interface: "eth0" },
    reach(true),
  ], { topology: PAIR }));
});

/** The client has two paths to the server: wlan0 through home, cell0 through carrier. */
const TWO_WAYS: LabConfig = {
  routers: [
    { name: "dc", preset: "public" },
    { name: "home", preset: "home" },
    { name: "carrier", preset: "isp-cgnat" },
  ],
  devices: {
    server: { interfaces: { eth0: { gateway: "dc" } } },
    client: {
      interfaces: { wlan0: { gateway: "home" }, cell0: { gateway: "carrier" } },
      defaultVia: "wlan0",
    },
  },
};

/** The address of the NAT, as a server sees it. */
const SEEN = `
const server = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 9000 });
console.log("up");
for await (const [data, { hostname, port }] of server) {
  await server.send(new TextEncoder().encode(hostname + ":" + port), { transport: "udp", hostname, port });
}`;
const ASK = `
const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 5000 });
await socket.send(new Uint8Array(1), { transport: "udp", hostname: Deno.args[0], port: 9000 });
console.log(new TextDecoder().decode((await socket.receive())[0]));
Deno.exit();`;

/** A server in the background, and a step that asks it for the address by which it sees the client. */
async function reflected(
  use: (server: LooseStep, ask: (id: string) => LooseStep) => Promise<void>,
) {
  const directory = await Deno.makeTempDir();
  try {
    const script = async (name: string, source: string) => {
      await Deno.writeTextFile(`${directory}/${name}`, source);
      return [
        Deno.execPath(),
        "run",
        "-A",
        "--unstable-net",
        "--no-config",
        `${directory}/${name}`,
      ];
    };
    const [seen, ask] = [await script("seen.ts", SEEN), await script("ask.ts", ASK)];
    await use(
      {
        action: "spawn",
        id: "seen",
        device: "server",
        cmd: seen,
        captures: { up: { regex: /up/ } },
      },
      (id) => ({
        action: "run",
        id,
        device: "client",
        cmd: [...ask, "$NETYARD_IP_server"],
        requires: ["seen.up"],
        captures: { ip: { regex: /^(.*):/ }, port: { regex: /:(\d+)$/ } },
      }),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the default route, a replug and a NAT change the address by which a server sees a device", async () => {
  await reflected(async (server, ask) => {
    const captures = await captured([
      server,
      sh("echo $NETYARD_IP_home $NETYARD_IP_carrier", {
        id: "are",
        device: "client",
        captures: { home: { regex: /^\S+/ }, carrier: { regex: /\S+$/ } },
      }),
      ask("home"),
      { action: "set-default-route", device: "client", to: "cell0" },
      ask("carrier"),
      { action: "set-default-route", device: "client", to: "wlan0" },
      { action: "replug", device: "client", interface: "wlan0", to: "dc" },
      ask("dc"),
      sh("echo $NETYARD_IP_client", {
        id: "moved",
        device: "client",
        captures: { ip: { regex: /.+/ } },
      }),
      { action: "replug", device: "client", to: "home" },
      { action: "flush-nat", router: "home" },
      { action: "set-nat", router: "home", nat: "corporate" },
      ask("symmetric"),
    ], { topology: TWO_WAYS, seed: 7 });
    assertEquals(captures["home.ip"], captures["are.home"]);
    assertEquals(captures["carrier.ip"], captures["are.carrier"]);
    assertEquals(captures["dc.ip"], captures["moved.ip"]);
    assertEquals(captures["symmetric.ip"], captures["are.home"]);
    assertEquals([captures["home.port"], captures["dc.port"]], ["5000", "5000"]);
    assert(captures["symmetric.port"] !== "5000", captures["symmetric.port"]);
  });
});

Deno.test("a firewall is set", async () => {
  await passes(simulation([
    reaches("client", "$NETYARD_IP_server"),
    { action: "set-firewall", router: "dc", firewall: "block-inbound" },
    reaches("client", "$NETYARD_IP_server", false),
    { action: "set-firewall", router: "dc", firewall: "none" },
    reaches("client", "$NETYARD_IP_server"),
  ], { topology: PAIR }));
});

Deno.test("IPv6 is translated, breaks, and is renumbered by the ISP", async () => {
  const topology: LabConfig = {
    routers: [
      { name: "dc" },
      { name: "home", pool: "private" },
      { name: "leased", preset: "home", prefixDelegation: true },
    ],
    devices: {
      server: { interfaces: { eth0: { gateway: "dc" } } },
      laptop: { interfaces: { eth0: { gateway: "home" } } },
      desk: { interfaces: { eth0: { gateway: "leased" } } },
    },
  };
  const address = (id: string) =>
    sh("ip -6 -o addr show dev eth0 scope global", {
      id,
      device: "desk",
      captures: { ip: { regex: /inet6 ([^/]+)/ } },
    });
  const what = simulation([
    reaches("laptop", "$NETYARD_IP6_server"),
    { action: "set-nat-v6", router: "home", natV6: "masquerade" },
    reaches("laptop", "$NETYARD_IP6_server"),
    { action: "break-family", router: "dc", family: "ipv6" },
    reaches("laptop", "$NETYARD_IP6_server", false),
    reaches("laptop", "$NETYARD_IP_server"),
    { action: "restore-family", router: "dc", family: "ipv6" },
    reaches("laptop", "$NETYARD_IP6_server"),
    address("before"),
    { action: "renew-prefix", router: "leased" },
    address("after"),
    reaches("desk", "$NETYARD_IP6_server"),
  ], { topology });
  await run(what, ({ status, failure, captures }) => {
    assertEquals([status, failure?.message], ["passed", undefined]);
    assert(captures["before.ip"] !== captures["after.ip"], captures["after.ip"]);
  });
});

Deno.test("a link between regions is broken and restored", async () => {
  const topology: LabConfig = {
    regions: { eu: { latencies: { us: 15 } }, us: {} },
    routers: [{ name: "a", region: "eu" }, { name: "b", region: "us" }],
    devices: {
      x: { interfaces: { eth0: { gateway: "a" } } },
      y: { interfaces: { eth0: { gateway: "b" } } },
    },
  };
  await passes(simulation([
    ping("p", "x", "$NETYARD_IP_y"),
    asserts("p.ms >= 30"),
    { action: "break-region", regions: ["eu", "us"] },
    reaches("x", "$NETYARD_IP_y", false),
    { action: "restore-region", regions: ["us", "eu"] },
    reaches("x", "$NETYARD_IP_y"),
  ], { topology }));
});

/** Three devices on a bridge. */
const LAN: LabConfig = {
  bridges: { lan: {} },
  devices: {
    a: { interfaces: { eth0: { gateway: "lan" } } },
    b: { interfaces: { eth0: { gateway: "lan" } } },
    c: { interfaces: { eth0: { gateway: "lan" } } },
  },
};

Deno.test("members are partitioned in both directions, in one, or all of them, and healed", async () => {
  const bridge = "lan";
  const pair = { bridge, members: ["a", "b"] as [string, string] };
  const way = { bridge, from: "a", to: "b" };
  const [ab, ac] = [
    (answers: boolean) => reaches("a", "$NETYARD_IP_b", answers),
    (answers: boolean) => reaches("a", "$NETYARD_IP_c", answers),
  ];
  await passes(simulation([
    ab(true),
    { action: "partition", ...pair },
    ab(false),
    ac(true),
    { action: "heal", ...pair },
    ab(true),
    { action: "partition", ...way },
    ab(false),
    { action: "heal", ...way },
    ab(true),
    { action: "partition", bridge },
    ac(false),
    { action: "partition", ...pair },
    { action: "partition", bridge, from: "c", to: "a" },
    { action: "heal", bridge },
    ac(true),
    ab(true),
  ], { topology: LAN }));
});

Deno.test("an error of the network fails the step with its message", async () => {
  const cases: [LooseStep, RegExp][] = [
    [{ action: "link-down", device: "client", interface: "eth7" }, /no interface "eth7"/],
    [{ action: "link-down", device: "cleint" }, /no device, router or vm "cleint"/],
    [{ action: "set-nat", router: "dc2", nat: "home" }, /no router "dc2"/],
    [{ action: "partition", bridge: "lan" }, /no bridge or router "lan"; there are: dc, home/],
    [{ action: "set-default-route", device: "home", to: "lan" }, /only a device has a default/],
    [{ action: "replug", device: "client", to: "nowhere" }, /nowhere/],
  ];
  for (const [step, message] of cases) {
    const { message: said, step: at } = await failure(simulation([step], { topology: PAIR }));
    assertMatch(said, message);
    assertEquals(at, 1);
  }
});

Deno.test("packets are captured until a wait-for, for the duration, or until the end", async () => {
  const what = simulation([
    { action: "capture", id: "waited", device: "client", interface: "eth0", filter: "icmp" },
    { action: "capture", id: "timed", bridge: "home", durationMs: 100 },
    { action: "capture", id: "open", device: "server" },
    sh("ls ${waited.path}; ping -c 3 -i 0.05 $NETYARD_IP_server", { device: "client" }),
    { action: "wait-for", target: "waited" },
    { action: "wait-for", target: "timed" },
    asserts("waited.packets == 6"),
    sh("ping -c 1 $NETYARD_IP_server; exit 1", { id: "bad", device: "client" }),
  ], { topology: PAIR });
  await run(what, async ({ failure, captures }, directory) => {
    assertEquals(failure!.id, "bad");
    assertEquals(failure!.logs, [
      "nodes/client/stdout.log",
      "captures/waited.pcap",
      "captures/timed.pcap",
      "captures/open.pcap",
    ]);
    assertEquals(captures["waited.path"], `${directory}/captures/waited.pcap`);
    for (const id of ["waited", "timed", "open"]) {
      const reader = new PcapReader();
      const packets = reader.feed(await Deno.readFile(captures[`${id}.path`]));
      assertEquals(String(packets.length), captures[`${id}.packets`], id);
    }
    // Including the last packets before the failing step ended.
    assert(Number(captures["open.packets"]) >= 8, captures["open.packets"]);
  });
});

Deno.test("an invalid filter fails the step of the capture", async () => {
  const { message } = await failure(simulation([
    { action: "capture", id: "c", device: "client", filter: "no such filter" },
  ], { topology: PAIR }));
  assertStringIncludes(message, "can't parse filter expression");
});
