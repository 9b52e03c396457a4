import { assertEquals, assertNotEquals } from "@std/assert";
import { Lab, type Nat } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { arrivals, Udp } from "./udp.ts";

/**
 * Who gets in through the mapping by which a laptop contacted one port of a
 * server: that port, another port of the same server, another server.
 */
async function whoGetsIn(nat: Nat): Promise<string[]> {
  // laptop - router - IX - dc - server, stranger
  await using lab = await Lab.create({ label: "filtering" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const router = await lab.addRouter("router", { nat });
  await using socket = await Udp.open(await attach(lab, "laptop", router), 40000);
  await using contacted = await Udp.open(server, 5000);
  await using otherPort = await Udp.open(server, 5001);
  await using otherHost = await Udp.open(stranger, 5000);

  await socket.send("hello", { ip: server.ip!, port: 5000 });
  const { from: mapping } = (await contacted.next())!;
  return await arrivals(
    socket,
    async () => {
      await otherHost.send("another host", mapping);
      await otherPort.send("another port", mapping);
    },
    () => contacted.send("the contacted port", mapping),
  );
}

for (
  const nat of [
    "full-cone",
    "cgnat",
    { mapping: "address-dependent", filtering: "endpoint-independent" },
    { mapping: "address-and-port-dependent", filtering: "endpoint-independent" },
  ] satisfies Nat[]
) {
  Deno.test(`endpoint-independent filtering lets anyone in: ${name(nat)}`, async () => {
    assertEquals(await whoGetsIn(nat), ["another host", "another port", "the contacted port"]);
  });
}

for (
  const nat of [
    { filtering: "address-dependent" },
    { filtering: "address-dependent", hairpin: true, portPreservation: false },
    { mapping: "address-dependent", filtering: "address-dependent" },
    { mapping: "address-and-port-dependent", filtering: "address-dependent" },
  ] satisfies Nat[]
) {
  Deno.test(`address-dependent filtering lets the contacted address in: ${name(nat)}`, async () => {
    assertEquals(await whoGetsIn(nat), ["another port", "the contacted port"]);
  });
}

for (
  const nat of [
    "home",
    "corporate",
    "cloud-nat",
    { hairpin: true },
    { mapping: "address-dependent" },
    { mapping: "address-and-port-dependent", portPreservation: true },
  ] satisfies Nat[]
) {
  Deno.test(`address-and-port-dependent filtering lets nobody else in: ${name(nat)}`, async () => {
    assertEquals(await whoGetsIn(nat), ["the contacted port"]);
  });
}

// laptop - home - IX - dc - server, stranger
Deno.test("a stranger that the laptop answers sees the mapping as the source", async () => {
  await using lab = await Lab.create({ label: "answer" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const router = await lab.addRouter("router", { nat: "full-cone" });
  await using socket = await Udp.open(await attach(lab, "laptop", router), 40000);
  await using outside = await Udp.open(stranger, 5000);

  const mapping = await socket.seenBy(await server.spawnReflector());
  await outside.send("knock", mapping);
  const knock = await socket.next();
  assertEquals(knock, { text: "knock", from: { ip: stranger.ip!, port: 5000 } });
  await socket.send("who is it?", knock!.from);
  assertEquals(await outside.next(), { text: "who is it?", from: mapping });
});

// laptop - home - IX - dc - server
Deno.test("a port without a mapping leads to the router alone", async () => {
  await using lab = await Lab.create({ label: "unmapped" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: "full-cone" });
  await using inside = await Udp.open(await attach(lab, "laptop", router), 40000);
  await using outside = await Udp.open(server, 5000);
  await using own = await Udp.open(router, 6000);

  const mapping = await inside.seenBy(await server.spawnReflector());
  assertNotEquals(mapping.port, 6000);
  assertEquals(
    await arrivals(
      inside,
      () => outside.send("to the router", { ip: mapping.ip, port: 6000 }),
      () => outside.send("to the laptop", mapping),
    ),
    ["to the laptop"],
  );
  assertEquals((await own.next())?.text, "to the router");
});

function name(nat: Nat): string {
  return typeof nat === "string" ? nat : JSON.stringify(nat);
}
