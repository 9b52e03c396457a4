import { assert, assertEquals } from "@std/assert";
import { type CapturedPacket, type Device, type Firewall, Lab } from "@netyard/netyard";
import { attach, servers } from "../nat/net.ts";

/** Runs Python in a node, with all of its module `socket`. */
async function python(node: Device, script: string): Promise<void> {
  const args = ["-c", `from socket import *\n${script}`];
  const { success, stderr } = await node.command("python3", { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}

const udpTo = (ip: string, hops: number) =>
  `s = socket(AF_INET6, SOCK_DGRAM)
s.setsockopt(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ${hops})
s.sendto(b"?", ("${ip}", 53))`;

/** The type of an ICMPv6 message in an Ethernet frame. */
const typeOf = ({ bytes }: CapturedPacket) => bytes[14 + 40];

const ERRORS: [what: string, type: number, provoke: (ip: string) => string][] = [
  ["destination unreachable", 1, (ip) => udpTo(ip, 64)],
  ["time exceeded", 3, (ip) => udpTo(ip, 2)],
  // By TCP, which sends as much as the link takes: the narrow router says how much passes it.
  [
    "packet too big",
    2,
    (ip) => `s = create_connection(("${ip}", 443))\ns.sendall(b"x" * 5000)\ns.recv(1)`,
  ],
];

for (
  const firewall of [
    "block-inbound",
    "corporate",
    "captive-portal",
    { inbound: "block", outbound: { icmp: "block" } },
  ] satisfies Firewall[]
) {
  const name = typeof firewall === "string" ? firewall : "a firewall that blocks ICMP";
  // inside - router - narrow - IX - dc - outside
  Deno.test(`${name} lets in the ICMPv6 errors about flows that internal hosts began (RFC 4890), and no others`, async () => {
    await using lab = await Lab.create({ label: "icmpv6" });
    const [outside] = await servers(lab, "outside");
    const narrow = await lab.addRouter("narrow", { mtu: 1300 });
    const router = await lab.addRouter("router", { upstream: narrow, firewall });
    const inside = await attach(lab, "inside", router);
    using listener = outside.runSync(() => Deno.listen({ hostname: "::", port: 443 }));
    const echoing = (async () => {
      for await (const conn of listener) {
        const buffer = new Uint8Array(4096);
        for (let got = 0; got < 5000;) got += await conn.read(buffer) ?? 5000;
        await conn.write(Uint8Array.of(1));
        conn.close();
      }
    })();
    await using capture = await inside.capture("eth0", { filter: "icmp6 and ip6[40] < 128" });

    // One that belongs to nothing, before all others: it quotes a datagram that nobody sent.
    const quoted = [0x60, 0, 0, 0, 0, 8, 17, 64, ...bytesOf(inside.ip6!), ...bytesOf(outside.ip6!)];
    await python(
      outside,
      `s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
s.sendto(bytes([1, 3, 0, 0, 0, 0, 0, 0, ${quoted}, 0, 7, 0, 53, 0, 8, 0, 0]), ("${inside.ip6}", 0))`,
    );
    for (const [what, type, provoke] of ERRORS) {
      await python(inside, provoke(outside.ip6!));
      await capture.expect((packet) => typeOf(packet) === type, { what });
    }
    const types = [];
    for await (const packet of capture.packets()) {
      types.push(typeOf(packet));
      if (types.length === ERRORS.length) break;
    }
    assertEquals(types, ERRORS.map(([, type]) => type));
    listener.close();
    await echoing.catch(() => {});
  });
}

/** The bytes of an address whose zeros are in one place. */
function bytesOf(ip: string): number[] {
  const [head, tail] = ip.split("::").map((part) => part.split(":").map((x) => parseInt(x, 16)));
  const zeros = new Array(8 - head.length - tail.length).fill(0);
  return [...head, ...zeros, ...tail].flatMap((word) => [word >> 8, word & 255]);
}

// inside - router - IX - dc - outside
Deno.test("block-inbound drops pings and unrelated ICMPv6 errors, and neighbour discovery works", async () => {
  await using lab = await Lab.create({ label: "echo" });
  const [outside] = await servers(lab, "outside");
  const router = await lab.addRouter("router", { firewall: "block-inbound" });
  const [inside, other] = [await attach(lab, "inside", router), await attach(lab, "other", router)];
  const ping = async (from: Device, to: string) =>
    (await from.command("ping", { args: ["-c", "1", "-W", "1", to] }).output()).success;
  for (const device of [inside, other]) await device.$`ip -6 neigh flush all`.quiet();
  assertEquals(
    await Promise.all([
      ping(inside, outside.ip6!),
      ping(outside, inside.ip6!),
      ping(inside, other.ip6!),
      ping(inside, router.downstreamGateway6!),
    ]),
    [true, false, true, true],
  );
});
