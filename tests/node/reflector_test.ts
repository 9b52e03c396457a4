import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DeadlineError,
  formatSocketAddress,
  InvalidAddressError,
  InvalidOptionError,
  Lab,
  NetyardError,
  type Node,
  NodeRemovedError,
  parseSocketAddress,
  type SocketAddress,
} from "@netyard/netyard";
import { isListed } from "../../lib/node/reflector/released.ts";
import { pair } from "./fixtures/topology.ts";

/** What a reflector answers over TCP; the caller speaks first, as a client may. */
async function askTcp(node: Node, { ip, port }: SocketAddress): Promise<SocketAddress> {
  const text = await node.run(
    async (hostname, port) => {
      using connection = await Deno.connect({ hostname, port });
      await connection.write(new TextEncoder().encode("who am I?"));
      return await new Response(connection.readable).text();
    },
    ip,
    port,
  );
  return parseSocketAddress(text);
}

Deno.test("a reflector answers by UDP and TCP, IPv4 and IPv6, on device, router and exchange", async () => {
  await using lab = await Lab.create();
  const { dc, server, laptop } = await pair(lab);
  for (const node of [server, dc, lab.ix]) {
    const ips = node === server
      ? [server.ip!, server.ip6!]
      : node === dc
      ? [dc.uplinkIp!, dc.uplinkIp6!, dc.downstreamGateway!]
      : [lab.ix.ip, lab.ix.ip6];
    for (const ip of ips) {
      await using reflector = await node.spawnReflector({ ip });
      assertEquals(reflector.address.ip, ip);
      assert(reflector.address.port > 0);
      const own = ip.includes(":") ? laptop.ip6 : laptop.ip;
      assertEquals((await laptop.probeUdpMapping(reflector.address)).ip, own);
      assertEquals((await askTcp(laptop, reflector.address)).ip, own);
    }
  }
});

Deno.test("a reflector on :: answers both families, by UDP and TCP, and tells IPv4 as such", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await using reflector = await server.spawnReflector({ ip: "::" });
  const { port } = reflector.address;
  for (const ip of [server.ip!, server.ip6!]) {
    const [udp, tcp] = await Promise.all([
      laptop.probeUdpMapping({ ip, port }),
      askTcp(laptop, { ip, port }),
    ]);
    const own = ip.includes(":") ? laptop.ip6 : laptop.ip;
    assertEquals([udp.ip, tcp.ip], [own, own]);
  }
});

Deno.test("a reflector listens on the node's own address, and a port of its choice, by default", async () => {
  await using lab = await Lab.create();
  const { dc, server } = await pair(lab);
  await using onDevice = await server.spawnReflector();
  assertEquals(onDevice.address.ip, server.ip);
  await using onRouter = await dc.spawnReflector();
  assertEquals(onRouter.address.ip, dc.uplinkIp);
  await using onIx = await lab.ix.spawnReflector({ port: 3478 });
  assertEquals(onIx.address, { ip: lab.ix.ip, port: 3478 });
});

Deno.test("probeUdpMapping() tells the port that it sends from", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await using reflector = await server.spawnReflector();
  const mapped = await laptop.probeUdpMapping(reflector.address, { port: 5555 });
  assertEquals(mapped, { ip: laptop.ip!, port: 5555 });
});

Deno.test("a reflector behind a NAT's other side sees the NAT's address", async () => {
  // server <-> dc <-> ix <-> home (NAT) <-> phone
  await using lab = await Lab.create();
  const { server } = await pair(lab);
  const home = await lab.addRouter("home", { preset: "home" });
  const phone = await lab.addDevice("phone", { interfaces: { eth0: { gateway: home } } });
  await using reflector = await server.spawnReflector();
  assertEquals((await phone.probeUdpMapping(reflector.address)).ip, home.uplinkIp);
  assertEquals((await askTcp(phone, reflector.address)).ip, home.uplinkIp);
});

Deno.test("probeTcpMapping() tells what a reflector sees of a TCP connection", async () => {
  await using lab = await Lab.create();
  const { server } = await pair(lab);
  const home = await lab.addRouter("home", { preset: "home" });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  for (const [ip, seen] of [[server.ip!, home.uplinkIp], [server.ip6!, pc.ip6]]) {
    await using reflector = await server.spawnReflector({ ip });
    const mapping = await pc.probeTcpMapping(reflector.address);
    assertEquals(mapping.ip, seen);
    assert(mapping.port >= 1024, `${mapping.port}`);
  }
});

Deno.test("probeTcpMapping() fails where nobody listens, or nobody answers", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const ip = server.ip!;
  await assertRejects(
    () => laptop.probeTcpMapping({ ip, port: 9 }),
    NetyardError,
    `laptop: probeTcpMapping(${ip}:9): Connection refused`,
  );
  // Connections to it are made, and never accepted.
  using listener = server.runSync(() => Deno.listen({ hostname: ip, port: 0 }));
  const { port } = listener.addr as Deno.NetAddr;
  await assertRejects(
    () => laptop.probeTcpMapping({ ip, port }, { timeoutMs: 100 }),
    DeadlineError,
    `laptop: probeTcpMapping(${ip}:${port}): no answer within 100 ms`,
  );
});

Deno.test("a reflector answers many callers at once", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await using reflector = await server.spawnReflector();
  const asked = Array.from({ length: 50 }, () => laptop.probeUdpMapping(reflector.address));
  const ports = (await Promise.all(asked)).map(({ port }) => port);
  assertEquals(new Set(ports).size, 50);
});

Deno.test("the port of a probe is free when the probe resolves, also while programs start", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await using reflector = await server.spawnReflector();
  let ended = false;
  // Children hold copies of sockets between fork and exec.
  const starting = (async () => {
    while (!ended) await laptop.command("true").output();
  })();
  for (let port = 20_000; port < 20_100; port++) {
    await laptop.probeUdpMapping(reflector.address, { port });
    const bound = await laptop.run(async (port) => {
      const { createSocket } = await import("node:dgram");
      const socket = createSocket("udp4");
      await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
      socket.close();
      return true;
    }, port);
    assert(bound);
  }
  ended = true;
  await starting;
});

Deno.test("sockets are found in the tables of /proc/net by address, port and state", () => {
  const heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
  const row = (local: string, state: string) =>
    `${heading}   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0\n`;
  const server = { ip: "10.0.1.2", port: 53 };
  assertEquals(isListed("udp", row("0201000A:0035", "07"), server), true);
  assertEquals(isListed("tcp", row("0201000A:0035", "0A"), server), true);
  // A connection, which keeps no other socket from listening there.
  assertEquals(isListed("tcp", row("0201000A:0035", "01"), server), false);
  assertEquals(isListed("udp", row("0201000A:0036", "07"), server), false);
  assertEquals(isListed("udp", row("00000000:0035", "07"), server), false);
  const loopback6 = "00000000000000000000000001000000:1F90";
  assertEquals(isListed("udp6", row(loopback6, "07"), { ip: "::1", port: 8080 }), true);
  assertEquals(isListed("udp6", heading, { ip: "::1", port: 8080 }), false);
});

Deno.test("a reflector on a port that is taken, by UDP or TCP, is refused", async () => {
  await using lab = await Lab.create();
  const { server } = await pair(lab);
  const { port } = (await server.spawnReflector()).address;
  await assertRejects(() => server.spawnReflector({ port }), NetyardError, "cannot bind UDP");
  using _ = server.runSync(() => Deno.listen({ port: 7000 }));
  await assertRejects(
    () => server.spawnReflector({ port: 7000 }),
    NetyardError,
    "cannot listen on TCP",
  );
});

Deno.test("a reflector on an address that is not the node's, or none, is refused", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await assertRejects(
    () => server.spawnReflector({ ip: laptop.ip! }),
    NetyardError,
    "is the address its own",
  );
  await assertRejects(() => server.spawnReflector({ ip: "server.test" }), InvalidAddressError);
  for (const port of [-1, 65_536, 1.5]) {
    await assertRejects(() => server.spawnReflector({ port }), NetyardError, "is no port");
  }
  // deno-lint-ignore no-explicit-any -- what the compiler would refuse
  const wrong = [{ prot: 3478 }, "1.2.3.4", { port: NaN }, { port: "80" }] as any[];
  for (const options of wrong) {
    await assertRejects(
      () => server.spawnReflector(options),
      InvalidOptionError,
      "server: spawnReflector(): ",
    );
  }
});

Deno.test("closing a reflector frees its port and ends its connections", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const first = await server.spawnReflector({ port: 3478 });
  const { ip, port } = first.address;
  // One that never says anything, and never closes.
  using connection = await laptop.runSync(() => Deno.connect({ hostname: ip, port }));
  assertEquals(await connection.read(new Uint8Array(64)), `${laptop.ip}:00000`.length);
  await Promise.all([first.close(), first.close()]);
  assertEquals(await connection.read(new Uint8Array(1)), null);
  await assertRejects(
    () => laptop.probeUdpMapping(first.address, { timeoutMs: 50 }),
    DeadlineError,
  );
  await assertRejects(() => askTcp(laptop, first.address), Deno.errors.ConnectionRefused);
  await using second = await server.spawnReflector({ port: 3478 });
  assertEquals((await laptop.probeUdpMapping(second.address)).ip, laptop.ip);
});

Deno.test("probeUdpMapping() without an answer fails at its deadline", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const began = performance.now();
  const error = await assertRejects(
    () => laptop.probeUdpMapping({ ip: server.ip!, port: 9 }, { timeoutMs: 100 }),
    DeadlineError,
    "100 ms",
  );
  const took = performance.now() - began;
  assert(took >= 99 && took < 2000, `it took ${took} ms: ${error.message}`);
});

Deno.test("probeUdpMapping() waits for a reflector that begins late", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const probe = laptop.probeUdpMapping({ ip: server.ip!, port: 3478 });
  await using _ = await server.spawnReflector({ port: 3478 });
  assertEquals((await probe).ip, laptop.ip);
});

Deno.test("probeUdpMapping() refuses what is no address and what is no reflector", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await assertRejects(
    () => laptop.probeUdpMapping({ ip: "server.test", port: 1 }),
    InvalidAddressError,
  );
  await assertRejects(
    () => laptop.probeUdpMapping({ ip: server.ip!, port: 70_000 }),
    NetyardError,
    "is no port",
  );
  // deno-lint-ignore no-explicit-any -- what the compiler would refuse
  const [address, options] = ["1.2.3.4:5", { prot: 1 }] as any[];
  const there = { ip: server.ip!, port: 1 };
  for (const probe of ["probeUdpMapping", "probeTcpMapping"] as const) {
    await assertRejects(() => laptop[probe](address), InvalidOptionError, `laptop: ${probe}()`);
    await assertRejects(() => laptop[probe](there, options), InvalidOptionError, '"prot"');
  }
  await server.run(async (ip) => {
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    socket.on("message", (_, from) => socket.send("pong", from.port, from.address));
    await new Promise<void>((bound, failed) => socket.once("error", failed).bind(7, ip, bound));
  }, server.ip!);
  await assertRejects(
    () => laptop.probeUdpMapping({ ip: server.ip!, port: 7 }),
    NetyardError,
    '"pong" is not ip:port',
  );
});

Deno.test("reflectors and probes of a lab that closes end, and are refused after", async () => {
  const lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const reflector = await server.spawnReflector();
  const starting = server.spawnReflector();
  await lab.close();
  await reflector.close();
  await (await starting).close();
  await assertRejects(() => server.spawnReflector(), NodeRemovedError, "closed");
  await assertRejects(() => laptop.probeUdpMapping(reflector.address), NodeRemovedError, "closed");
});

Deno.test("socket addresses are written and read back", () => {
  for (
    const [text, address] of [
      ["1.2.3.4:5", { ip: "1.2.3.4", port: 5 }],
      ["[2001:db8::1]:65535", { ip: "2001:db8::1", port: 65_535 }],
    ] as const
  ) {
    assertEquals(formatSocketAddress(address), text);
    assertEquals(parseSocketAddress(`${text}\n`), address);
  }
});
