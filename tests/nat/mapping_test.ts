import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { Udp } from "./udp.ts";

// laptop - home - IX - dc - s1, s2
Deno.test("home NAT keeps one port for two destinations, and it is the internal one", async () => {
  await using lab = await Lab.create({ label: "eim" });
  const [s1, s2] = await servers(lab, "s1", "s2");
  const home = await lab.addRouter("home", { preset: "home" });
  const laptop = await attach(lab, "laptop", home);
  const [r1, r2] = [await s1.spawnReflector(), await s2.spawnReflector()];

  const seen = { ip: home.uplinkIp!, port: 40000 };
  assertEquals(await laptop.probeUdpMapping(r1.address, { port: 40000 }), seen);
  assertEquals(await laptop.probeUdpMapping(r2.address, { port: 40000 }), seen);
  assertEquals((await laptop.probeUdpMapping(r2.address, { port: 40001 })).port, 40001);
});

for (const nat of ["corporate", "cloud-nat"] as const) {
  // laptop - router - IX - dc - s1, s2 (two ports each)
  Deno.test(`${nat} NAT draws a port for each destination`, async () => {
    await using lab = await Lab.create({ label: "edm" });
    const [s1, s2] = await servers(lab, "s1", "s2");
    const router = await lab.addRouter("router", { nat });
    await using socket = await Udp.open(await attach(lab, "laptop", router), 40000);
    const reflectors = await Promise.all([s1, s1, s2, s2].map((s) => s.spawnReflector()));

    const seen = [];
    for (const reflector of reflectors) seen.push(await socket.seenBy(reflector));
    assert(seen.every(({ ip }) => ip === router.uplinkIp));
    // Two in 64,512 may be the same by chance; more of them are not.
    const ports = new Set(seen.map(({ port }) => port));
    assert(ports.size >= 3, `ports ${[...ports]}`);
    assert(!ports.has(40000) || ports.size === 4);
    assertEquals(await socket.seenBy(reflectors[0]), seen[0], "a flow keeps its port");
  });
}

for (const portPreservation of [false, true]) {
  // laptop - router - IX - dc - s1 (two ports), s2
  Deno.test(`address-dependent mapping ${portPreservation ? "with" : "without"} port preservation has one port for all ports of an address`, async () => {
    await using lab = await Lab.create({ label: "adm", seed: 1 });
    const [s1, s2] = await servers(lab, "s1", "s2");
    const router = await lab.addRouter("router", {
      nat: { mapping: "address-dependent", portPreservation },
    });
    const laptop = await attach(lab, "laptop", router);
    const [r1, again, other] = [
      await s1.spawnReflector(),
      await s1.spawnReflector(),
      await s2.spawnReflector(),
    ];

    await using socket = await Udp.open(laptop, 40000);
    const first = await socket.seenBy(r1);
    assertEquals(await socket.seenBy(again), first);
    assertNotEquals((await socket.seenBy(other)).port, first.port);
    assertEquals(first.port === 40000, portPreservation);
  });
}

// laptop - router - IX - dc - s1 (two ports), s2
Deno.test("address-and-port-dependent mapping can preserve the port of one destination", async () => {
  await using lab = await Lab.create({ label: "edm-preserving", seed: 1 });
  const [s1, s2] = await servers(lab, "s1", "s2");
  const router = await lab.addRouter("router", {
    nat: { mapping: "address-and-port-dependent", portPreservation: true },
  });
  const laptop = await attach(lab, "laptop", router);
  await using socket = await Udp.open(laptop, 40000);

  const ports = [];
  for (const server of [s1, s1, s2]) {
    ports.push((await socket.seenBy(await server.spawnReflector())).port);
  }
  assertEquals(ports[0], 40000);
  assertEquals(new Set(ports).size, 3);
});

// laptop - router - IX - dc - s1, s2
Deno.test("endpoint-independent mapping without port preservation draws one port", async () => {
  await using lab = await Lab.create({ label: "eim-random", seed: 1 });
  const [s1, s2] = await servers(lab, "s1", "s2");
  const router = await lab.addRouter("router", { nat: { portPreservation: false } });
  const laptop = await attach(lab, "laptop", router);
  await using socket = await Udp.open(laptop, 40000);

  const first = await socket.seenBy(await s1.spawnReflector());
  assertNotEquals(first.port, 40000);
  assertEquals(await socket.seenBy(await s2.spawnReflector()), first);
});

// laptop - router - IX - dc - server
Deno.test("a lab of the same seed draws the same ports, one of another seed others", async () => {
  const drawn = async (seed: number) => {
    await using lab = await Lab.create({ label: "seeded", seed });
    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", { nat: { portPreservation: false } });
    const laptop = await attach(lab, "laptop", router);
    const reflector = await server.spawnReflector();
    return await laptop.probeUdpMapping(reflector.address, { port: 40000 });
  };
  const first = await drawn(7);
  assertEquals(await drawn(7), first);
  assertNotEquals((await drawn(8)).port, first.port);
});
