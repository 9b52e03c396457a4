import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { type Device, InvalidOptionError, Lab, type Node, type Router } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { failAt, Fault } from "../fault/faults.ts";
import { ip, pings, sh } from "../kit.ts";

type Family = 4 | 6;
const FAMILIES = [4, 6] as const;
const addressOf = (node: Device, family: Family) => family === 4 ? node.ip! : node.ip6!;
/** The headers of IP and ICMP, in bytes. */
const HEADERS = { 4: 28, 6: 48 };

const rulesOf = (node: Node) => sh(node, "nft list ruleset");

/** What a large ping that nobody may fragment is told. */
async function large(
  from: Node,
  to: string,
  size = 1500,
): Promise<string | number> {
  const payload = size - HEADERS[to.includes(":") ? 6 : 4];
  const args = ["-c", "1", "-W", "1", "-M", "do", "-s", String(payload), to];
  const { success, stdout, stderr } = await from.command("ping", { args }).output();
  if (success) return "an answer";
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const mtu = /mtu ?= ?(\d+)/.exec(said);
  return mtu ? Number(mtu[1]) : "nothing";
}

const SIZE = 200_000;
/** Far more than it takes; a sender that got no answer for 2 s tries again after 4 more. */
const PATIENCE = { timeoutMs: 30_000 };

/** A TCP connection from a client, over which one end sends {@link SIZE} bytes to the other. */
class Transfer implements Disposable {
  received = 0;
  #ends: Deno.Conn[];
  #all: Promise<unknown>;

  private constructor(readonly from: Node, sender: Deno.Conn, receiver: Deno.Conn) {
    this.#ends = [sender, receiver];
    this.#all = Promise.all([send(sender), this.#receive(receiver)]).catch(() => {});
  }

  static async start(
    client: Device,
    server: Device,
    family: Family,
    way: "up" | "down",
    port: number,
  ): Promise<Transfer> {
    const hostname = addressOf(server, family);
    using listener = server.runSync(() => Deno.listen({ hostname, port }));
    const connecting = client.runSync(() =>
      Deno.connect({ hostname, port: (listener.addr as Deno.NetAddr).port })
    );
    const [near, far] = await Promise.all([connecting, listener.accept()]);
    // A small request, and a small response.
    for (const [one, other] of [[near, far], [far, near]]) {
      await one.write(new Uint8Array(100));
      assertEquals(await other.read(new Uint8Array(200)), 100);
    }
    return way === "up" ? new Transfer(client, near, far) : new Transfer(server, far, near);
  }

  async #receive(receiver: Deno.Conn): Promise<void> {
    for await (const chunk of receiver.readable) this.received += chunk.length;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) {
      try {
        end.close();
      } catch {
        // Its stream closed it.
      }
    }
  }
}

async function send(sender: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(SIZE);
  for (let sent = 0; sent < SIZE;) sent += await sender.write(bytes.subarray(sent));
}

/** How many TCP segments a node has sent again. */
function sentAgain(node: Node): number {
  const [names, values] = sh(node, "grep ^Tcp: /proc/net/snmp").split("\n")
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("RetransSegs")]);
}

interface Scene {
  server: Device;
  client: Device;
  hole: Router;
  mtu: number;
  /** Whether the server can begin; it cannot where there is a NAT. */
  inward: boolean;
  port?: number;
}

/**
 * Asserts that what is small gets through the hole both ways, that what is large does not and that
 * nobody is told so; and that with the block off the same transfers find their size and finish.
 */
async function assertBlackHole({ server, client, hole, mtu, inward, port = 0 }: Scene) {
  const ways: [Node, string][] = FAMILIES.flatMap((family): [Node, string][] => [
    [client, addressOf(server, family)],
    ...inward ? [[server, addressOf(client, family)] as [Node, string]] : [],
  ]);
  assertEquals(await Promise.all(ways.map(([from, to]) => pings(from, to))), ways.map(() => true));
  // Twice: what is learnt from the first would be told by the second.
  for (const _ of [1, 2]) {
    const told = await Promise.all(ways.map(([from, to]) => large(from, to)));
    assertEquals(told, ways.map(() => "nothing"));
  }
  for (const node of [server, client]) {
    assertEquals(sh(node, "cat /proc/sys/net/ipv4/tcp_mtu_probing"), "0");
  }

  using stack = new DisposableStack();
  const transfers: Transfer[] = [];
  for (const family of FAMILIES) {
    for (const way of ["up", "down"] as const) {
      transfers.push(stack.use(await Transfer.start(client, server, family, way, port)));
    }
  }
  // Each end sends two; that much in vain says that waiting longer does not help.
  for (const node of [server, client]) await waitUntil(() => sentAgain(node) >= 6, PATIENCE);
  assertEquals(transfers.map(({ received }) => received), [0, 0, 0, 0]);

  await hole.setBlockIcmpFragNeeded(false);
  for (const one of transfers) await waitUntil(() => one.received === SIZE, PATIENCE);
  // What the server knows of a client behind a NAT, it knows of the NAT's address.
  for (const [from, to] of ways) {
    assertEquals(ip(from, `route get ${to}`)[0].metrics?.[0].mtu, mtu, `${from.name} to ${to}`);
  }
}

// server -- dc -- ix -- vpn (1420, black hole) -- inner -- client
Deno.test("small packets pass a black hole, and a transfer hangs until it is removed", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const hole = await lab.addRouter("vpn", { mtu: 1420, blockIcmpFragNeeded: true });
  const inner = await lab.addRouter("inner", { upstream: hole });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: inner } } });
  await assertBlackHole({ server, client, hole, mtu: 1420, inward: true });
});

// server -- dc -- ix -- office (1400, black hole, symmetric NAT, firewall) -- inner (NAT) -- client
Deno.test("a router with NAT and firewall can be a black hole", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const hole = await lab.addRouter("office", {
    preset: "corporate",
    mtu: 1400,
    blockIcmpFragNeeded: true,
  });
  const inner = await lab.addRouter("inner", { nat: "home", upstream: hole });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: inner } } });
  await assertBlackHole({ server, client, hole, mtu: 1400, inward: false, port: 443 });
  assertEquals(ip(server, `route get ${hole.uplinkIp}`)[0].metrics?.[0].mtu, 1400);
});

// server -- dc -- ix -- isp (NAT) -- home (1400, black hole, NAT, firewall) -- inner (NAT) -- client
Deno.test("a router behind a NAT can be a black hole", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
  const hole = await lab.addRouter("home", {
    preset: "home",
    upstream: isp,
    mtu: 1400,
    blockIcmpFragNeeded: true,
  });
  const inner = await lab.addRouter("inner", { nat: "home", upstream: hole });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: inner } } });
  await assertBlackHole({ server, client, hole, mtu: 1400, inward: false });
  assertEquals(ip(server, `route get ${isp.uplinkIp}`)[0].metrics?.[0].mtu, 1400);
});

// server -- office (black hole) -- ix -- vpn (1420) -- client
Deno.test("a black hole with large links drops the messages of other routers", async () => {
  await using lab = await Lab.create();
  const office = await lab.addRouter("office", { blockIcmpFragNeeded: true });
  const vpn = await lab.addRouter("vpn", { mtu: 1420 });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: office } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: vpn } } });
  assertEquals(await large(server, client.ip!), "nothing");
  assertEquals(await large(server, client.ip6!), "nothing");
  await office.setBlockIcmpFragNeeded(false);
  assertEquals(await large(server, client.ip!), 1420);
  assertEquals(await large(server, client.ip6!), 1420);
});

// server -- dc -- ix -- vpn (1420, black hole) -- phone (1300);  vpn -- inner -- pc, tv (1300)
//                 ix -- other (1400)              inner -- below (1340) -- deep
Deno.test("messages about other links still pass, and so do packets that may be fragmented", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const vpn = await lab.addRouter("vpn", { mtu: 1420, blockIcmpFragNeeded: true });
  const other = await lab.addRouter("other", { mtu: 1400 });
  const inner = await lab.addRouter("inner", { upstream: vpn });
  const below = await lab.addRouter("below", { upstream: inner, mtu: 1340 });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const phone = await lab.addDevice("phone", { interfaces: { eth0: { gateway: vpn } }, mtu: 1300 });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: inner } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: inner } }, mtu: 1300 });
  const deep = await lab.addDevice("deep", { interfaces: { eth0: { gateway: below } } });
  const cases: [from: Node, to: string, told: string | number, size?: number][] = [
    [server, other.uplinkIp!, 1400],
    [server, other.downstreamGateway6!, 1400],
    [server, tv.ip!, "nothing"],
    [server, tv.ip6!, "nothing"],
    // Between hosts of inner's LAN, by way of inner.
    [pc, deep.ip!, 1340],
    [pc, deep.ip6!, 1340],
    // What vpn and inner themselves would say.
    [server, phone.ip!, "nothing", 1400],
    [server, phone.ip6!, "nothing", 1400],
    [server, tv.ip!, "nothing", 1400],
    [server, tv.ip6!, "nothing", 1400],
    [dc, tv.ip!, "nothing"],
  ];
  const told = await Promise.all(cases.map(([from, to, , size]) => large(from, to, size)));
  assertEquals(told, cases.map(([, , expected]) => expected));
  await vpn.setBlockIcmpFragNeeded(false);
  for (const host of [phone, tv]) {
    assertEquals(await large(server, host.ip!, 1400), 1300);
    assertEquals(await large(server, host.ip6!, 1400), 1300);
  }
  await vpn.setBlockIcmpFragNeeded(true);
  const send = ["-M", "dont", "-s", "1472"];
  assertEquals(await pings(server, pc.ip!, ...send), true);
  assertEquals(await pings(pc, server.ip!, ...send), true);
});

// server -- dc -- ix -- vpn (1420, black hole) -- inner -- pc
Deno.test("the black hole is removed with its downstream routes, and with the router", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const vpn = await lab.addRouter("vpn", { mtu: 1420, blockIcmpFragNeeded: true });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const { uplinkIp, uplinkIp6 } = vpn;
  const small = (to: string) => pings(server, to);
  const assertHole = async (...ips: string[]) => {
    assertEquals(await Promise.all(ips.map(small)), ips.map(() => true));
    assertEquals(
      await Promise.all(ips.map((to) => large(server, to))),
      ips.map(() => "nothing"),
    );
  };
  await assertHole(uplinkIp!, uplinkIp6!);
  await vpn.interface("ix").addIp("198.18.7.7", 32);
  await vpn.interface("ix").addIp("2001:db8::7:7", 128);
  await assertHole("198.18.7.7", "2001:db8::7:7");

  // One that comes later, with a device.
  const inner = await lab.addRouter("inner", { upstream: vpn });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: inner } } });
  await assertHole(inner.uplinkIp!, inner.uplinkIp6!, pc.ip!, pc.ip6!);
  assertEquals([await large(pc, server.ip!), await large(pc, server.ip6!)], ["nothing", "nothing"]);
  // NAT takes the networks of IPv4 away, and without it they are back.
  const before = rulesOf(lab.ix);
  await vpn.setNat("home");
  assert(rulesOf(lab.ix) !== before);
  await assertHole(uplinkIp!, pc.ip6!);
  await vpn.setNat("none");
  assertEquals(rulesOf(lab.ix), before);
  await assertHole(pc.ip!, pc.ip6!);

  await lab.remove(pc);
  await lab.remove(inner);
  await lab.remove(vpn);
  assertEquals(rulesOf(lab.ix), "");
  // Its addresses are another's, and one hears of its links.
  const next = await lab.addRouter("next", { mtu: 1400 });
  for (const iface of ["198.18.7.7", "2001:db8::7:7"]) {
    await next.interface("ix").addIp(iface, iface.includes(":") ? 128 : 32);
  }
  assertEquals(await large(server, "198.18.7.7"), 1400);
  assertEquals(await large(server, "2001:db8::7:7"), 1400);
});

Deno.test("a router reports whether it is a black hole, and emits when that changes", async () => {
  await using lab = await Lab.create();
  const one = await lab.addRouter("one", { blockIcmpFragNeeded: true });
  const two = await lab.addRouter("two");
  assertEquals([one.blockIcmpFragNeeded, two.blockIcmpFragNeeded], [true, false]);
  await one.setBlockIcmpFragNeeded(false);
  await two.setBlockIcmpFragNeeded(true);
  await two.setBlockIcmpFragNeeded(true);
  assertEquals([one.blockIcmpFragNeeded, two.blockIcmpFragNeeded], [false, true]);
  const ruleset = rulesOf(two);
  assertMatch(ruleset, /frag-needed/);
  assertEquals(rulesOf(one), "");

  const refused = await assertRejects(
    () => two.setBlockIcmpFragNeeded("no" as unknown as boolean),
    InvalidOptionError,
  );
  assertMatch(refused.message, /^two: setBlockIcmpFragNeeded\(\): .*"no".*true or false/);
  assertEquals([two.blockIcmpFragNeeded, rulesOf(two)], [true, ruleset]);

  await lab.close();
  const told = [];
  for await (const event of lab.events()) {
    if (event.kind === "router-added") told.push(event.router.blockIcmpFragNeeded);
    if (event.kind === "icmp-frag-needed-blocked") told.push([event.router, event.blocked]);
  }
  assertEquals(told, [true, false, ["one", false], ["two", true], ["two", true]]);
});

// ix -- vpn -- inner
Deno.test("a change of a black hole happens in all nodes or in none", async () => {
  await using lab = await Lab.create();
  const vpn = await lab.addRouter("vpn", { mtu: 1420 });
  const inner = await lab.addRouter("inner", { upstream: vpn });
  const state = () => [[lab.ix, vpn, inner].map(rulesOf), vpn.blockIcmpFragNeeded];
  for (const on of [true, false]) {
    const before = state();
    for (const n of [0, 1, 2]) {
      {
        using _failing = failAt(n);
        await assertRejects(() => vpn.setBlockIcmpFragNeeded(on), Fault, `black hole (${n})`);
      }
      assertEquals(state(), before);
    }
    await vpn.setBlockIcmpFragNeeded(on);
    assertEquals(vpn.blockIcmpFragNeeded, on);
  }
  assertEquals(state()[0], ["", "", ""]);

  await vpn.setBlockIcmpFragNeeded(true);
  const before = state();
  const uplink = vpn.interface("ix");
  {
    using _failing = failAt(1);
    await assertRejects(() => uplink.addIp("198.18.7.7", 32), Fault, "black hole");
  }
  assertEquals(state(), before);
  // A router that is not built leaves no rules about itself, whichever step failed.
  let failures = 0;
  for (let built = false; !built;) {
    using _failing = failAt(failures);
    built = await lab.addRouter("new", { upstream: inner, mtu: 1300, blockIcmpFragNeeded: true })
      .then(() => true, () => false);
    if (built) break;
    failures++;
    assertEquals(state(), before);
  }
  assertGreater(failures, 5);
  assertMatch(rulesOf(inner), /@th,192,32 \{/);
});
