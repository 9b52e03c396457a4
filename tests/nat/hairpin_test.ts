import { assertEquals } from "@std/assert";
import { Lab, type Nat } from "@netyard/netyard";
import { attachAll, servers } from "./net.ts";
import { tcpReaches, tcpSeenBy } from "./tcp.ts";
import { arrivals, Udp } from "./udp.ts";

for (
  const nat of [
    "full-cone",
    "cgnat",
    { hairpin: true },
    { hairpin: true, filtering: "address-dependent", portPreservation: false },
    { hairpin: true, mapping: "address-dependent" },
    { hairpin: true, mapping: "address-and-port-dependent" },
  ] satisfies Nat[]
) {
  // a, b - router - IX - dc - server
  Deno.test(`hosts inside reach each other by external addresses: ${JSON.stringify(nat)}`, async () => {
    await using lab = await Lab.create({ label: "hairpin" });
    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", { nat });
    const [hostA, hostB] = await attachAll(lab, ["a", "b"], router);
    const reflector = await server.spawnReflector();
    await using a = await Udp.open(hostA, 40000);
    await using b = await Udp.open(hostB, 40000);
    const [mappedA, mappedB] = [await a.seenBy(reflector), await b.seenBy(reflector)];

    await a.send("from a", mappedB);
    const seen = await b.next();
    assertEquals(
      [seen?.text, seen?.from.ip],
      ["from a", router.uplinkIp],
      "by its external address",
    );
    const independent = typeof nat === "string" || !nat.mapping;
    assertEquals(seen?.from.port === mappedA.port, independent);
    await b.send("from b", seen!.from);
    assertEquals(await a.next(), { text: "from b", from: mappedB });
  });
}

for (const nat of ["home", "corporate", { filtering: "endpoint-independent" }] satisfies Nat[]) {
  // a, b - router - IX - dc - server
  Deno.test(`without hairpin, what is sent to an external address stays at the router: ${JSON.stringify(nat)}`, async () => {
    await using lab = await Lab.create({ label: "no-hairpin" });
    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", { nat });
    const [hostA, hostB] = await attachAll(lab, ["a", "b"], router);
    const reflector = await server.spawnReflector();
    await using a = await Udp.open(hostA, 40000);
    await using b = await Udp.open(hostB, 40000);
    await a.seenBy(reflector);
    const mappedB = await b.seenBy(reflector);

    const texts = await arrivals(
      b,
      () => a.send("by the external address", mappedB),
      () => a.send("by the internal address", { ip: hostB.ip!, port: 40000 }),
    );
    assertEquals(texts, ["by the internal address"]);
  });
}

// a, b - router - IX - dc - server
Deno.test("with a hairpin, strangers are filtered as without", async () => {
  await using lab = await Lab.create({ label: "hairpin-apdf" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const router = await lab.addRouter("router", { nat: { hairpin: true } });
  const [hostA, hostB] = await attachAll(lab, ["a", "b"], router);
  await using a = await Udp.open(hostA, 40000);
  await using b = await Udp.open(hostB, 40000);
  await using outside = await Udp.open(stranger, 40000);

  const mappedB = await b.seenBy(await server.spawnReflector());
  const texts = await arrivals(
    b,
    () => outside.send("from a stranger", mappedB),
    () => a.send("from inside", mappedB),
  );
  assertEquals(texts, ["from inside"]);
});

// a - router - IX - dc - server
Deno.test("a host reaches itself by its external address", async () => {
  await using lab = await Lab.create({ label: "hairpin-self" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: "full-cone" });
  const [host] = await attachAll(lab, ["a"], router);
  await using socket = await Udp.open(host, 40000);
  await using other = await Udp.open(host, 40001);
  const reflector = await server.spawnReflector();

  const mapping = await socket.seenBy(reflector);
  await other.send("to myself", mapping);
  assertEquals(await socket.next(), {
    text: "to myself",
    from: { ip: router.uplinkIp!, port: 40001 },
  });
});

// a, b - router - IX - dc - server
Deno.test("TCP goes through a hairpin too, and not without one", async () => {
  await using lab = await Lab.create({ label: "hairpin-tcp" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: "full-cone" });
  const [a, b] = await attachAll(lab, ["a", "b"], router);
  const reflector = await server.spawnReflector();

  const [seen] = await tcpSeenBy(b, 40000, [reflector.address]);
  assertEquals(seen, `${router.uplinkIp}:40000`);
  using listener = b.runSync(() => Deno.listen({ port: 40000 }));
  const accepted = listener.accept();
  assertEquals(await tcpReaches(a, { ip: router.uplinkIp!, port: 40000 }), "open");
  using connection = await accepted;
  assertEquals((connection.remoteAddr as Deno.NetAddr).hostname, router.uplinkIp);

  await router.setNat({ filtering: "endpoint-independent" });
  assertEquals(await tcpReaches(a, { ip: router.uplinkIp!, port: 40000 }), "refused");
});
