import { assert, assertEquals } from "@std/assert";
import { type Device, Lab, type Router, type RouterOptions } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { attach, servers } from "./net.ts";

const PORT = 9000;

/** Sends a bare FIN and a bare RST, of connections that nobody knows, and then a datagram. */
const STRAY = `
import socket, struct, sys
source, target = sys.argv[1:3]
six = ":" in target
family = socket.AF_INET6 if six else socket.AF_INET
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
address = socket.inet_pton(family, source) + socket.inet_pton(family, target)
for flags in (0x11, 0x04):
    segment = struct.pack("!HHIIBBHHH", 4000 + flags, ${PORT}, 1, 1, 0x50, flags, 512, 0, 0)
    pseudo = address + struct.pack("!IxxxB" if six else "!HxB", len(segment), 6)
    if not six:
        pseudo = address + struct.pack("!xBH", 6, len(segment))
    total = sum(struct.unpack("!%dH" % (len(pseudo + segment) // 2), pseudo + segment))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    raw.sendto(segment[:16] + struct.pack("!H", total) + segment[18:], (target, 0))
socket.socket(family, socket.SOCK_DGRAM).sendto(b"after", (target, ${PORT}))
`;

/** A TCP connection of a device, and the other end of it. */
async function connect(from: Device, to: Device, hostname: string) {
  using listener = to.runSync(() => Deno.listen({ hostname, port: PORT }));
  const accepting = listener.accept();
  const near = await from.runSync(() => Deno.connect({ hostname, port: PORT }));
  return { near, far: await accepting };
}

/** Whether bytes still pass. */
async function talks({ near, far }: { near: Deno.Conn; far: Deno.Conn }): Promise<boolean> {
  await near.write(Uint8Array.of(7));
  const byte = new Uint8Array(1);
  return await far.read(byte) === 1 && byte[0] === 7;
}

const CUSTOM = {
  mapping: "address-dependent",
  filtering: "address-dependent",
  hairpin: true,
} as const;

const NATS: Record<string, [family: 4 | 6, options: RouterOptions]> = {
  home: [4, { nat: "home" }],
  corporate: [4, { nat: "corporate" }],
  cgnat: [4, { nat: "cgnat" }],
  "cloud-nat": [4, { nat: "cloud-nat" }],
  "full-cone": [4, { nat: "full-cone" }],
  "a custom NAT": [4, { nat: CUSTOM }],
  "an IPv6 masquerade": [6, { natV6: "masquerade", pool: "private" }],
  NPTv6: [6, { natV6: "nptv6", pool: "private" }],
};

for (const [name, [family, options]] of Object.entries(NATS)) {
  // laptop - router - IX - dc - server
  Deno.test(`${name}: what conntrack calls invalid is dropped, and counted; known flows go on`, async () => {
    await using lab = await Lab.create({ label: "untranslated" });
    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", options);
    const laptop = await attach(lab, "laptop", router);
    const [inside, ip] = family === 4 ? [laptop.ip!, server.ip!] : [laptop.ip6!, server.ip6!];
    const connection = await connect(laptop, server, ip);
    using _near = connection.near;
    using _far = connection.far;
    await using leaked = await server.capture("eth0", { filter: `src host ${inside}` });
    await using capture = await server.capture("eth0", { filter: "udp" });

    await laptop.command("python3", { args: ["-c", STRAY, inside, ip] }).output();
    const after = await capture.expect((packet) => packet.protocol === "udp");
    assert(after.sourceIp !== inside, "the NAT translates");
    assertEquals(leaked.packetCount, 0);
    const { nat } = await router.counters();
    assertEquals([nat?.untranslatedPackets, nat!.untranslatedBytes > 0], [2, true]);
    assert(nat!.mappings >= 2, `${nat!.mappings} mappings`);
    assert(await talks(connection));
  });
}

/** Ends a connection that the NAT has forgotten, and checks that nothing of it reaches the server. */
async function endForgotten(
  forget: (router: Router) => Promise<unknown>,
  options: RouterOptions,
): Promise<void> {
  await using lab = await Lab.create({ label: "untranslated" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", options);
  const laptop = await attach(lab, "laptop", router);
  const { near, far } = await connect(laptop, server, server.ip!);
  using _far = far;
  await forget(router);
  await using leaked = await server.capture("eth0", { filter: `src host ${laptop.ip}` });
  near.close();
  const { nat } = await waitUntil(async () => {
    const counters = await router.counters();
    return counters.nat!.untranslatedPackets > 0 ? counters : undefined;
  }, { timeoutMs: 20_000, what: "a FIN that is dropped" });
  assert(nat!.untranslatedBytes >= 40 * nat!.untranslatedPackets);
  // What follows it on the same way has come.
  await laptop.$`ping -c 1 -w 20 ${server.ip!}`.quiet();
  assertEquals(leaked.packetCount, 0);
}

Deno.test("the end of a connection that was flushed does not leave untranslated", async () => {
  await endForgotten((router) => router.flushNatState(), { nat: "home" });
});

Deno.test("the end of a connection that timed out does not leave untranslated", async () => {
  await endForgotten(() => new Promise((resolve) => setTimeout(resolve, 2_500)), {
    nat: { timeouts: { tcpEstablishedSecs: 1, tcpTransitorySecs: 1 } },
  });
});

Deno.test("a router without NAT and firewall counts nothing; a firewall counts what it drops", async () => {
  await using lab = await Lab.create({ label: "untranslated" });
  const [server] = await servers(lab, "server");
  const open = await lab.addRouter("open", { preset: "public", firewall: "none" });
  assertEquals(await open.counters(), {});
  const home = await lab.addRouter("home", { preset: "public", firewall: "block-inbound" });
  const laptop = await attach(lab, "laptop", home);
  await server.command("ping", { args: ["-c", "3", "-i", "0.05", "-W", "1", laptop.ip!] }).output();
  const { nat, firewall } = await home.counters();
  assertEquals([nat, firewall], [undefined, { droppedPackets: 3, droppedBytes: 3 * 84 }]);
});
