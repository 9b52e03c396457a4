import { assert, assertEquals, assertLess } from "@std/assert";
import { type Device, Lab, type LinkCondition, type Node } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { expectPings, pings, sh } from "../kit.ts";
import { SLACK_MS } from "../../link/kit.ts";

/** The round trip of the first packet that ever passes between two nodes. */
async function firstMs(from: Node, to: string): Promise<number> {
  const args = ["-n", "-c", "1", "-w", "20", to];
  const { stdout } = await from.command("ping", { args }).output();
  return Number(/time=([\d.]+)/.exec(new TextDecoder().decode(stdout))?.[1]);
}

const DELAY: LinkCondition = { latencyMs: 100 };
/** One delay in each direction; resolving an address would add as much. */
const ASKED_MS = 200;

async function assertFirst(from: Node, to: string, askedMs = ASKED_MS) {
  const ms = await firstMs(from, to);
  assert(ms >= askedMs - 0.1, `${from.name} -> ${to}: ${ms} ms`);
  assertLess(ms, askedMs * 1.5 + SLACK_MS, `${from.name} -> ${to}`);
}

const attach = (lab: Lab, name: string, gateway: Node, condition?: LinkCondition) =>
  lab.addDevice(name, { interfaces: { eth0: { gateway: gateway.name, condition } } });

// us(r1(a, b)) -- 50 ms -- eu(r2(c))
for (const family of [4, 6]) {
  Deno.test(`the first IPv${family} packet has the delay of its links alone: to the gateway, a peer, the Internet`, async () => {
    await using lab = await Lab.create();
    await lab.addRegion("us");
    await lab.addRegion("eu");
    await lab.linkRegions("us", "eu", { latencyMs: 50 });
    const r1 = await lab.addRouter("r1", { region: "us" });
    const r2 = await lab.addRouter("r2", { region: "eu" });
    const ip = (device: Device) => family === 4 ? device.ip! : device.ip6!;
    const far = await attach(lab, "far", r2);
    const devices = [];
    for (const name of ["a", "b", "c", "d"]) devices.push(await attach(lab, name, r1, DELAY));
    const [a, b, c, d] = devices;
    await assertFirst(a, family === 4 ? r1.downstreamGateway! : r1.downstreamGateway6!);
    // Both links are slow in both directions.
    await assertFirst(b, ip(c), 2 * ASKED_MS);
    await assertFirst(d, ip(far), ASKED_MS + 100);
  });
}

// ix -- r1(a, then b);  ix -- r2
Deno.test("the first packet has the delay of its links alone after replug, linkUp and reconnect", async () => {
  await using lab = await Lab.create();
  const [r1, r2] = [await lab.addRouter("r1"), await lab.addRouter("r2")];
  const a = await attach(lab, "a", r1, DELAY);
  const b = await attach(lab, "b", r2);
  await assertFirst(a, b.ip!);
  const eth0 = a.interface("eth0");
  await eth0.replug(r2);
  await assertFirst(a, r2.downstreamGateway!);
  await assertFirst(a, b.ip!);
  await eth0.linkDown();
  assertEquals(await pings(b, a.ip!), false);
  await eth0.linkUp();
  await assertFirst(a, b.ip6!);
  const nic = r2.lan.nic("a");
  await nic.disconnect();
  assertEquals(await pings(b, a.ip!), false);
  await nic.reconnect();
  await assertFirst(a, r2.downstreamGateway6!);
});

// ix -- dc(server, client)
Deno.test("on a lossy link, no burst is lost before the link", async () => {
  for (let seed = 1; seed <= 6; seed++) {
    await using lab = await Lab.create({ seed });
    const dc = await lab.addRouter("dc");
    const server = await attach(lab, "server", dc);
    const client = await attach(lab, "client", dc, { lossPct: 30 });
    sh(
      client,
      `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(500): s.sendto(bytes(100), ("${server.ip}", 9))'`,
    );
    // What was sent, before losses. The emulator may have some of it still to read.
    await waitUntil(async () => {
      const { up } = await client.interface("eth0").counters();
      return up!.packets >= 500;
    }, { timeoutMs: 20_000, what: `seed ${seed}: 500 datagrams on the link` });
  }
});

/** Announces an address of an interface, as a host does that takes it over or gets another adapter. */
function announce(node: Node, ip: string): void {
  const python = ip.includes(":")
    // An unsolicited neighbour advertisement that overrides (RFC 4861, section 7.2.6).
    ? `
import socket
mac = open("/sys/class/net/eth0/address").read().strip().replace(":", "")
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
s.bind(("${ip}", 0))
ip = socket.inet_pton(socket.AF_INET6, "${ip}")
s.sendto(bytes.fromhex("8800000020000000") + ip + bytes.fromhex("0201" + mac), ("ff02::1", 0))`
    // A gratuitous ARP (RFC 5227, section 2.3).
    : `
import socket
mac = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
ip = socket.inet_aton("${ip}")
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0x0806))
s.send(b"\\xff" * 6 + mac + bytes.fromhex("08060001080006040001") + mac + ip + bytes(6) + ip)`;
  sh(node, `python3 - <<'END'\n${python}\nEND`);
}

// ix -- dc(a, b, c);  ix -- other(far)
Deno.test("gateways and peers follow who announces an address, and a changed hardware address", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const other = await lab.addRouter("other");
  const far = await attach(lab, "far", other);
  const [a, b, c] = [
    await attach(lab, "a", dc),
    await attach(lab, "b", dc),
    await attach(lab, "c", dc),
  ];
  const [ip, ip6] = [a.ip!, a.ip6!];
  await expectPings([[far, ip, true], [far, ip6, true], [c, ip, true], [c, ip6, true]]);
  sh(a, "ip link set eth0 down");
  sh(b, `ip addr add ${ip}/24 dev eth0; ip addr add ${ip6}/64 dev eth0 nodad`);
  for (const address of [ip, ip6]) announce(b, address);
  await expectPings([[far, ip, true], [far, ip6, true], [c, ip, true], [c, ip6, true]]);

  const mac = "02:aa:bb:cc:dd:ee";
  sh(c, `ip link set eth0 address ${mac}`);
  for (const address of [c.ip!, c.ip6!]) announce(c, address);
  assertEquals(c.interface("eth0").mac, mac);
  await expectPings([[far, c.ip!, true], [far, c.ip6!, true], [b, c.ip!, true], [b, c.ip6!, true]]);

  // The uplink of a router, at the IX.
  sh(other, "ip link set ix address 02:aa:bb:cc:dd:ef");
  await other.interface("ix").linkDown();
  await other.interface("ix").linkUp();
  assertEquals(other.interface("ix").mac, "02:aa:bb:cc:dd:ef");
  await expectPings([[far, c.ip!, true], [c, far.ip6!, true]]);

  // A link that goes down and up again has the new address on both sides.
  await c.interface("eth0").linkDown();
  await c.interface("eth0").linkUp();
  assertEquals(c.interface("eth0").mac, mac);
  await expectPings([[far, c.ip!, true], [dc, c.ip6!, true]]);
});
