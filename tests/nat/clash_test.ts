import { assertEquals, assertNotEquals } from "@std/assert";
import { type Device, Lab, type Nat, type Reflector, type SocketAddress } from "@netyard/netyard";
import { attachAll, servers } from "./net.ts";
import { tcpReaches, tcpSeenBy } from "./tcp.ts";
import { arrivals, Udp } from "./udp.ts";

/** Two hosts of one LAN, and two reflectors outside. */
interface Clash {
  hosts: Device[];
  reflectors: Reflector[];
  stranger: Device;
}

// a, b - router - IX - dc - s1, s2, stranger
async function clash(lab: Lab, nat: Nat): Promise<Clash> {
  const [s1, s2, stranger] = await servers(lab, "s1", "s2", "stranger");
  const router = await lab.addRouter("router", { nat });
  return {
    hosts: await attachAll(lab, ["a", "b"], router),
    reflectors: [await s1.spawnReflector(), await s2.spawnReflector()],
    stranger,
  };
}

for (const nat of ["home", "full-cone", "cgnat", { portPreservation: false }] satisfies Nat[]) {
  for (const same of [true, false]) {
    const where = same ? "the same destination" : "different destinations";
    Deno.test(`two hosts with one source port and ${where} keep a UDP port each: ${JSON.stringify(nat)}`, async () => {
      await using lab = await Lab.create({ label: "clash", seed: 3 });
      const { hosts, reflectors: [r1, r2] } = await clash(lab, nat);
      await using a = await Udp.open(hosts[0], 40000);
      await using b = await Udp.open(hosts[1], 40000);

      const seenA = await a.seenBy(r1);
      const seenB = await b.seenBy(same ? r1 : r2);
      assertNotEquals(seenA.port, seenB.port);
      for (const reflector of [r2, r1]) {
        assertEquals(await a.seenBy(reflector), seenA);
        assertEquals(await b.seenBy(reflector), seenB);
      }
    });
  }
}

Deno.test("a stranger reaches each of two hosts with one source port at its own mapping", async () => {
  await using lab = await Lab.create({ label: "clash-eif" });
  const { hosts, reflectors: [r1, r2], stranger } = await clash(lab, "full-cone");
  await using a = await Udp.open(hosts[0], 40000);
  await using b = await Udp.open(hosts[1], 40000);
  await using outside = await Udp.open(stranger);

  const seen = [await a.seenBy(r1), await b.seenBy(r2)];
  const send = (text: string, to: SocketAddress) => () => outside.send(text, to);
  assertEquals(await arrivals(a, send("for b", seen[1]), send("for a", seen[0])), ["for a"]);
  assertEquals(await arrivals(b, send("for a", seen[0]), send("for b", seen[1])), [
    "for b",
    "for b",
  ]);
});

Deno.test("two hosts that begin at once with one source port keep a UDP port each", async () => {
  await using lab = await Lab.create({ label: "clash-race" });
  const { hosts, reflectors } = await clash(lab, "home");
  const sockets = await Promise.all(
    Array.from({ length: 20 }, (_, i) => hosts.map((host) => Udp.open(host, 41000 + i))).flat(),
  );
  try {
    const [first, second] = reflectors;
    const seen = await Promise.all(sockets.map((s, i) => s.seenBy(i % 2 ? first : second)));
    assertEquals(new Set(seen.map(({ port }) => port)).size, sockets.length);
    const again = await Promise.all(sockets.map((s, i) => s.seenBy(i % 2 ? second : first)));
    assertEquals(again, seen);
  } finally {
    await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }
});

for (const nat of ["home", { portPreservation: false }] satisfies Nat[]) {
  Deno.test(`one socket that begins with many destinations at once has one port: ${JSON.stringify(nat)}`, async () => {
    await using lab = await Lab.create({ label: "at-once" });
    const { hosts, stranger } = await clash(lab, nat);
    await using rival = await Udp.open(hosts[1], 40000);
    await using socket = await Udp.open(hosts[0], 40000);
    const reflectors = await Promise.all(
      Array.from({ length: 20 }, () => stranger.spawnReflector()),
    );
    await rival.seenBy(reflectors[0]);
    await Promise.all(reflectors.map(({ address }) => socket.send("?", address)));
    const answers = [];
    for (const _ of reflectors) answers.push(await socket.next());
    assertEquals(new Set(answers.map((answer) => answer?.text)).size, 1);
    assertEquals(new Set(answers.map((answer) => answer?.from.port)).size, reflectors.length);
  });
}

// a - router - IX - dc - s1, s2
Deno.test("home NAT keeps one TCP port for two destinations, and it is the internal one", async () => {
  await using lab = await Lab.create({ label: "tcp-eim" });
  const { hosts: [a], reflectors } = await clash(lab, "home");
  const external = lab.router("router").uplinkIp;
  const targets = reflectors.map(({ address }) => address);
  assertEquals(await tcpSeenBy(a, 40000, targets), [`${external}:40000`, `${external}:40000`]);
});

// a - router - IX - dc - s1, s2
Deno.test("corporate NAT draws a TCP port for each connection", async () => {
  await using lab = await Lab.create({ label: "tcp-edm" });
  const { hosts: [a], reflectors: [r1, r2] } = await clash(lab, "corporate");
  const more = await lab.device("s1").spawnReflector();
  const seen = await tcpSeenBy(a, 40000, [r1, r2, more].map(({ address }) => address));
  // Two in 64,512 may be the same by chance.
  assertNotEquals(new Set(seen).size, 1);
});

Deno.test("two hosts with one source port keep a TCP port each", async () => {
  await using lab = await Lab.create({ label: "tcp-clash" });
  const { hosts: [a, b], reflectors } = await clash(lab, "home");
  const targets = reflectors.map(({ address }) => address);
  const [seenA, seenB] = await Promise.all([
    tcpSeenBy(a, 40000, targets),
    tcpSeenBy(b, 40000, targets.toReversed()),
  ]);
  assertEquals([new Set(seenA).size, new Set(seenB).size], [1, 1]);
  assertNotEquals(seenA[0], seenB[0]);
});

Deno.test("a stranger's TCP reaches each of two hosts with one source port at its own mapping", async () => {
  await using lab = await Lab.create({ label: "tcp-eif" });
  const { hosts, reflectors, stranger } = await clash(lab, "full-cone");
  for (const [i, host] of hosts.entries()) {
    const [seen] = await tcpSeenBy(host, 40000, [reflectors[i].address]);
    const [ip, port] = seen.split(":");
    const mapping = { ip, port: Number(port) };
    assertEquals(await tcpReaches(stranger, mapping), "refused", "nobody listens yet");
    using listener = host.runSync(() => Deno.listen({ port: 40000 }));
    const accepted = listener.accept();
    assertEquals(await tcpReaches(stranger, mapping), "open");
    const connection = await accepted;
    assertEquals((connection.remoteAddr as Deno.NetAddr).hostname, stranger.ip);
    connection.close();
  }
});

Deno.test("home NAT lets no stranger's TCP in at a mapping", async () => {
  await using lab = await Lab.create({ label: "tcp-apdf" });
  const { hosts: [a], reflectors: [r1], stranger } = await clash(lab, "home");
  const [seen] = await tcpSeenBy(a, 40000, [r1.address]);
  using _listener = a.runSync(() => Deno.listen({ port: 40000 }));
  const [ip, port] = seen.split(":");
  assertEquals(await tcpReaches(stranger, { ip, port: Number(port) }, 500), "no answer");
});
