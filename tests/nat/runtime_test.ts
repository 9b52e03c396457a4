import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Lab, type Nat } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { arrivals, Udp } from "./udp.ts";

// laptop - router - IX - dc - server
Deno.test("setNat adds and removes the routes to the private LAN", async () => {
  await using lab = await Lab.create({ label: "set-nat" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { preset: "home", firewall: "none" });
  const laptop = await attach(lab, "laptop", router);
  const routes = () => lab.ix.$`ip -4 route show ${router.downstreamCidr!}`.text();
  const seen = async (port: number) =>
    await laptop.probeUdpMapping((await server.spawnReflector()).address, { port });

  assertEquals(await routes(), "");
  assertEquals(await seen(40000), { ip: router.uplinkIp!, port: 40000 });

  await router.setNat("none");
  assertEquals(router.nat, "none");
  assertEquals((await routes()).split(" ")[0], router.downstreamCidr);
  assertEquals(await seen(40001), { ip: laptop.ip!, port: 40001 });
  await using inside = await Udp.open(laptop, 5000);
  await using outside = await Udp.open(server, 5000);
  await outside.send("to the private address", { ip: laptop.ip!, port: 5000 });
  assertEquals((await inside.next())?.text, "to the private address");

  await router.setNat("corporate");
  assertEquals(await routes(), "");
  assertEquals((await seen(40002)).ip, router.uplinkIp);

  await router.setNat("home");
  assertEquals(router.nat, "home");
  assertEquals(await routes(), "");
  assertEquals(await seen(40003), { ip: router.uplinkIp!, port: 40003 });
});

// laptop - inner - outer - IX - dc - server
Deno.test("setNat of an outer router hides and shows the LANs behind inner ones", async () => {
  await using lab = await Lab.create({ label: "set-nat-nested" });
  const [server] = await servers(lab, "server");
  const outer = await lab.addRouter("outer", { nat: "home" });
  const inner = await lab.addRouter("inner", { upstream: outer, nat: "home" });
  const laptop = await attach(lab, "laptop", inner);
  const reflector = await server.spawnReflector();
  const seen = async (port: number) =>
    (await laptop.probeUdpMapping(reflector.address, { port })).ip;

  assertEquals(await seen(40000), outer.uplinkIp);
  await outer.setNat("none");
  assertEquals(await seen(40001), inner.uplinkIp);
  await inner.setNat("none");
  assertEquals(await seen(40002), laptop.ip);
  await outer.setNat("home");
  assertEquals(await seen(40003), outer.uplinkIp);
});

for (
  const [before, after] of [["home", "corporate"], ["corporate", "home"], [
    "home",
    "none",
  ]] satisfies [Nat, Nat][]
) {
  // laptop - router - IX - dc - s1, s2
  Deno.test(`setNat does not change an existing flow: ${before} to ${after}`, async () => {
    await using lab = await Lab.create({ label: "under-way" });
    const [s1, s2] = await servers(lab, "s1", "s2");
    const router = await lab.addRouter("router", { nat: before });
    const laptop = await attach(lab, "laptop", router);
    await using socket = await Udp.open(laptop, 40000);
    const [r1, r2] = [await s1.spawnReflector(), await s2.spawnReflector()];

    const old = await socket.seenBy(r1);
    await router.setNat(after);
    assertEquals(await socket.seenBy(r1), old);
    const fresh = await socket.seenBy(r2);
    if (after === "none") assertEquals(fresh, { ip: laptop.ip!, port: 40000 });
    // A NAT that has one port for all destinations takes over the port that it finds in use.
    if (after === "home") assertEquals(fresh, old);
    if (after === "corporate") assertNotEquals(fresh, old);

    await router.flushNatState();
    const flushed = await socket.seenBy(r1);
    if (after === "none") assertEquals(flushed, { ip: laptop.ip!, port: 40000 });
    if (after === "home") assertEquals(flushed, { ip: router.uplinkIp!, port: 40000 });
    if (after === "corporate") assertNotEquals(flushed, old);
  });
}

// laptop - router - IX - dc - server
Deno.test("flushNatState makes a NAT of random ports draw another, and forgets the flow", async () => {
  await using lab = await Lab.create({ label: "flush", seed: 1 });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: { portPreservation: false } });
  await using socket = await Udp.open(await attach(lab, "laptop", router), 40000);
  await using contacted = await Udp.open(server, 5000);

  const send = () => socket.send("hello", { ip: server.ip!, port: 5000 });
  await send();
  const { from: old } = (await contacted.next())!;
  await contacted.send("an answer", old);
  assertEquals((await socket.next())?.text, "an answer");

  await router.flushNatState();
  await contacted.send("an answer to what was forgotten", old);
  await send();
  const { from: fresh } = (await contacted.next())!;
  assertNotEquals(fresh.port, old.port);
  const wrong = () => contacted.send("to the old port", old);
  const right = () => contacted.send("to the new port", fresh);
  assertEquals(await arrivals(socket, wrong, right), ["to the new port"]);
});

// laptop - router - IX - dc - server
Deno.test("flushNatState draws another port also while traffic flows", async () => {
  await using lab = await Lab.create({ label: "flush-traffic", seed: 1 });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: { portPreservation: false } });
  const laptop = await attach(lab, "laptop", router);
  await using sink = await Udp.open(server, 5000);
  // From another thread, so that packets pass while this one flushes, until the first answer.
  const flood = laptop.run(async (ip) => {
    const dgram = await import("node:dgram");
    const socket = dgram.createSocket("udp4");
    await new Promise<void>((bound, failed) => socket.once("error", failed).bind(40000, bound));
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    socket.once("message", () => resolve());
    const sending = setInterval(() => {
      for (let i = 0; i < 5; i++) socket.send("hello", 5000, ip);
    }, 1);
    await answered;
    clearInterval(sending);
    socket.close();
  }, server.ip!);
  const ports: number[] = [];
  let from = (await sink.next())!.from;
  for (let i = 0; i < 3; i++) {
    ports.push(from.port);
    await router.flushNatState();
    const deadline = performance.now() + 5000;
    while (from.port === ports.at(-1)) {
      assert(performance.now() < deadline, `${from.port} came back`);
      from = (await sink.next())!.from;
    }
    for (let more = 0; more < 50; more++) {
      assertEquals((await sink.next())!.from, from, "one port, and no other, after a flush");
    }
  }
  assertEquals(new Set(ports).size, 3);
  await sink.send("enough", from);
  await flood;
});

// laptop - router - IX - dc - server
Deno.test("flushNatState of a NAT that preserves ports brings the same mapping back", async () => {
  await using lab = await Lab.create({ label: "flush-home" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: "home" });
  await using socket = await Udp.open(await attach(lab, "laptop", router), 40000);
  const reflector = await server.spawnReflector();
  const mapping = await socket.seenBy(reflector);

  await router.flushNatState();
  await using far = await Udp.open(server, 5000);
  await far.send("unasked", mapping);
  assertEquals(await socket.seenBy(reflector), mapping);
  assertEquals(await socket.next(100), undefined);
});
