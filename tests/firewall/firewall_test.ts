import { assertEquals } from "@std/assert";
import { type Device, type Firewall, Lab, type Router, type RouterOptions } from "@netyard/netyard";
import { attach, servers } from "../nat/net.ts";
import { tcpReaches } from "../nat/tcp.ts";
import { arrivals, Udp } from "../nat/udp.ts";

type Family = 4 | 6;

interface Scene {
  lab: Lab;
  router: Router;
  inside: Device;
  outside: Device;
}

/** Runs a scene of a device behind a router with public addresses, and one on the Internet. */
async function scene(options: RouterOptions, run: (scene: Scene) => Promise<void>): Promise<void> {
  // inside - router - IX - dc - outside
  await using lab = await Lab.create({ label: "firewall" });
  const [outside] = await servers(lab, "outside");
  const router = await lab.addRouter("router", options);
  await run({ lab, router, inside: await attach(lab, "inside", router), outside });
}

const addressOf = (device: Device, family: Family) => family === 4 ? device.ip! : device.ip6!;
const any = (family: Family) => family === 4 ? "0.0.0.0" : "::";
const CLOSED = 250; // How long to wait for what is not to come, in milliseconds.

/** The UDP ports of `to`, of those given, that `from` reaches; the last of them must be open. */
async function udpPorts(
  from: Device,
  to: Device,
  family: Family,
  ports: number[],
): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  const sender = stack.use(await Udp.open(from, 0, any(family)));
  const receivers: Udp[] = [];
  for (const port of ports) receivers.push(stack.use(await Udp.open(to, port, any(family))));
  for (const port of ports) await sender.send("hello", { ip: addressOf(to, family), port });
  const last = await receivers.at(-1)!.next();
  assertEquals(last?.text, "hello", `UDP ${ports.at(-1)} must be open`);
  // All were sent before the last, which arrived.
  const reached = [];
  for (const receiver of receivers.slice(0, -1)) {
    if (await receiver.next(20)) reached.push(receiver.port);
  }
  // An answer passes, whatever the firewall says about new flows.
  await receivers.at(-1)!.send("an answer", last!.from);
  assertEquals((await sender.next())?.text, "an answer");
  return [...reached, ports.at(-1)!];
}

/** Asserts which TCP ports `from` reaches, and that nothing answers for the others. */
async function assertTcp(
  from: Device,
  to: Device,
  family: Family,
  ports: { open?: number[]; closed?: number[] },
): Promise<void> {
  const { open = [], closed = [] } = ports;
  using stack = new DisposableStack();
  const hostname = any(family);
  for (const port of [...open, ...closed]) {
    stack.use(to.runSync(() => Deno.listen({ hostname, port })));
  }
  const attempt = async (port: number, ms: number) =>
    `${port} ${await tcpReaches(from, { ip: addressOf(to, family), port }, ms)}`;
  const outcomes = await Promise.all([
    ...open.map((port) => attempt(port, 5000)),
    ...closed.map((port) => attempt(port, CLOSED)),
  ]);
  assertEquals(outcomes, [
    ...open.map((port) => `${port} open`),
    ...closed.map((port) => `${port} no answer`),
  ]);
}

/** Whether an unsolicited datagram gets in. */
async function unasked(outside: Device, inside: Device, family: Family): Promise<boolean> {
  await using from = await Udp.open(outside, 6000, any(family));
  await using to = await Udp.open(inside, 6000, any(family));
  // Port 53: out of every preset.
  await using dns = await Udp.open(outside, 53, any(family));
  await using asker = await Udp.open(inside, 6001, any(family));
  await asker.send("?", { ip: addressOf(outside, family), port: 53 });
  const question = await dns.next();
  await from.send("unasked", { ip: addressOf(inside, family), port: 6000 });
  await dns.send("an answer", question!.from);
  assertEquals((await asker.next())?.text, "an answer");
  return await to.next(20) !== undefined;
}

/** Asserts that one end of a connection still receives what the other sends. */
async function passes(writer: Deno.Conn, reader: Deno.Conn): Promise<void> {
  await writer.write(Uint8Array.of(7));
  const buffer = new Uint8Array(1);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("nothing passes")), 5000);
  try {
    assertEquals([await Promise.race([reader.read(buffer), late]), buffer[0]], [1, 7]);
  } finally {
    clearTimeout(timer);
  }
}

interface Expected {
  firewall: Firewall;
  udpOut: number[];
  tcpOut: number[];
  ping: boolean;
  inbound: boolean;
}

const UDP = [5000, 443, 53];
const TCP = [8080, 443, 80];
const EXPECTED: Expected[] = [
  { firewall: "none", udpOut: UDP, tcpOut: TCP, ping: true, inbound: true },
  { firewall: "block-inbound", udpOut: UDP, tcpOut: TCP, ping: true, inbound: false },
  { firewall: "corporate", udpOut: [53], tcpOut: [443, 80], ping: true, inbound: false },
  { firewall: "captive-portal", udpOut: [53], tcpOut: TCP, ping: true, inbound: false },
  {
    firewall: { outbound: { tcp: "block", udp: [53, 5000] } },
    udpOut: [5000, 53],
    tcpOut: [],
    ping: true,
    inbound: true,
  },
  {
    firewall: { inbound: "block", outbound: { tcp: [80, 8080], udp: [53], icmp: "block" } },
    udpOut: [53],
    tcpOut: [8080, 80],
    ping: false,
    inbound: false,
  },
];

for (const family of [4, 6] as const) {
  for (const { firewall, udpOut, tcpOut, ping, inbound } of EXPECTED) {
    const what = `IPv${family}: firewall ${
      typeof firewall === "string" ? firewall : JSON.stringify(firewall)
    }`;
    Deno.test(`${what} accepts what its policy says, in both directions, and nothing else`, async () => {
      await scene({ preset: "public", firewall }, async ({ inside, outside }) => {
        assertEquals(await udpPorts(inside, outside, family, UDP), udpOut);
        assertEquals(await unasked(outside, inside, family), inbound);
        const closed = TCP.filter((port) => !tcpOut.includes(port));
        const [echo] = await Promise.all([
          inside.command("ping", {
            args: ["-c", "1", "-W", ping ? "5" : "0.4", addressOf(outside, family)],
          }).output(),
          assertTcp(inside, outside, family, { open: tcpOut, closed }),
          assertTcp(outside, inside, family, { [inbound ? "open" : "closed"]: [8081] }),
        ]);
        assertEquals(echo.success, ping);
      });
    });
  }

  Deno.test(`IPv${family}: setFirewall takes effect immediately`, async () => {
    await scene({ preset: "public" }, async ({ router, inside, outside }) => {
      assertEquals(await unasked(outside, inside, family), true);
      await router.setFirewall("corporate");
      assertEquals(router.firewall, "corporate");
      assertEquals(await unasked(outside, inside, family), false);
      assertEquals(await udpPorts(inside, outside, family, UDP), [53]);
      await router.setFirewall("block-inbound");
      assertEquals(await unasked(outside, inside, family), false);
      assertEquals(await udpPorts(inside, outside, family, UDP), UDP);
      await router.setFirewall({ outbound: { udp: [443, 53] } });
      assertEquals(await unasked(outside, inside, family), true);
      assertEquals(await udpPorts(inside, outside, family, UDP), [443, 53]);
      await router.setFirewall("none");
      assertEquals(await unasked(outside, inside, family), true);
      assertEquals(await udpPorts(inside, outside, family, UDP), UDP);
    });
  });

  Deno.test(`IPv${family}: a flow that one firewall accepted continues under a stricter one`, async () => {
    await scene({ preset: "public", firewall: "block-inbound" }, async (scene) => {
      const { router, inside, outside } = scene;
      await using asker = await Udp.open(inside, 6000, any(family));
      await using answerer = await Udp.open(outside, 5000, any(family));
      await asker.send("before", { ip: addressOf(outside, family), port: 5000 });
      const { from } = (await answerer.next())!;
      using listener = outside.runSync(() => Deno.listen({ hostname: any(family), port: 8080 }));
      const accepted = listener.accept();
      const hostname = addressOf(outside, family);
      using near = await inside.runSync(() => Deno.connect({ hostname, port: 8080 }));
      using far = await accepted;

      await router.setFirewall("corporate");
      await answerer.send("an answer", from);
      assertEquals((await asker.next())?.text, "an answer");
      await asker.send("after", { ip: addressOf(outside, family), port: 5000 });
      assertEquals((await answerer.next())?.text, "after");
      await passes(far, near);
      await passes(near, far);
      // The same, begun now, is refused.
      await assertTcp(inside, outside, family, { open: [80], closed: [8081] });
    });
  });

  for (const first of ["inside", "outside"] as const) {
    Deno.test(`IPv${family}: a connection survives the first firewall, from either side: ${first}`, async () => {
      await scene({ preset: "public" }, async ({ router, inside, outside }) => {
        using listener = outside.runSync(() => Deno.listen({ hostname: any(family), port: 8080 }));
        const accepted = listener.accept();
        const hostname = addressOf(outside, family);
        using near = await inside.runSync(() => Deno.connect({ hostname, port: 8080 }));
        using far = await accepted;
        await router.setFirewall("corporate");
        const ways = [[near, far], [far, near]];
        for (const [writer, reader] of first === "inside" ? ways : ways.reverse()) {
          await passes(writer, reader);
        }
        await assertTcp(inside, outside, family, { open: [80], closed: [8081] });
        await assertTcp(outside, inside, family, { closed: [8080] });
      });
    });
  }
}

// laptop - home - IX - dc - server, stranger
Deno.test("a firewall without NAT and a NAT without firewall are independent, and go together", async () => {
  await using lab = await Lab.create({ label: "compose" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const reflector = await server.spawnReflector();
  const outcomes: Record<string, unknown> = {};
  for (const nat of ["none", "full-cone"] as const) {
    for (const firewall of ["none", "block-inbound"] as const) {
      const name = `${nat}-${firewall}`;
      const router = await lab.addRouter(`r-${name}`, { nat, firewall, pool: "public" });
      const device = await attach(lab, `d-${name}`, router);
      await using socket = await Udp.open(device, 40000);
      await using outside = await Udp.open(stranger, 5000);
      const mapping = await socket.seenBy(reflector);
      assertEquals(mapping.ip, nat === "none" ? device.ip : router.uplinkIp);
      const texts = await arrivals(
        socket,
        () => outside.send("a stranger", mapping),
        () => socket.send("?", reflector.address),
      );
      outcomes[name] = [texts.includes("a stranger"), await unasked(stranger, device, 6)];
    }
  }
  assertEquals(outcomes, {
    "none-none": [true, true],
    "none-block-inbound": [false, false],
    "full-cone-none": [true, true],
    // The filtering of the NAT decides about packets through a mapping.
    "full-cone-block-inbound": [true, false],
  });
});

// laptop - home - IX - dc - server, stranger
Deno.test("a home router with full-cone NAT lets strangers through the mapping, and no unsolicited IPv6", async () => {
  await using lab = await Lab.create({ label: "home-full-cone" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const home = await lab.addRouter("home", { preset: "home", nat: "full-cone" });
  assertEquals(home.firewall, "block-inbound");
  const laptop = await attach(lab, "laptop", home);
  await using socket = await Udp.open(laptop, 40000);
  await using outside = await Udp.open(stranger, 5000);

  const mapping = await socket.seenBy(await server.spawnReflector());
  await outside.send("through the mapping", mapping);
  assertEquals((await socket.next())?.text, "through the mapping");
  assertEquals(await unasked(stranger, laptop, 6), false);
  await assertTcp(stranger, laptop, 6, { closed: [8080] });
  await assertTcp(laptop, stranger, 6, { open: [8080] });
});

// laptop - corp - IX - dc - server
Deno.test("the corporate preset translates and blocks: STUN fails, DNS and HTTPS pass", async () => {
  await using lab = await Lab.create({ label: "corporate" });
  const [server] = await servers(lab, "server");
  const corp = await lab.addRouter("corp", { preset: "corporate" });
  const laptop = await attach(lab, "laptop", corp);
  const stun = await server.spawnReflector({ port: 3478 });
  const dns = await server.spawnReflector({ port: 53 });
  const https = await server.spawnReflector({ port: 443 });

  const seen = await laptop.probeUdpMapping(dns.address);
  assertEquals(seen.ip, corp.uplinkIp);
  assertEquals(await tcpReaches(laptop, https.address), "open");
  await using socket = await Udp.open(laptop);
  const texts = await arrivals(
    socket,
    () => socket.send("?", stun.address),
    () => socket.send("?", dns.address),
  );
  assertEquals(texts.length, 1);
});
