import { assertEquals, assertRejects } from "@std/assert";
import { DeadlineError, NetyardError, parseSocketAddress } from "@netyard/netyard";
import { labTest } from "@netyard/netyard/testing";

// client -- home (NAT) -- exchange -- dc -- server
labTest("reflectors answer by UDP and TCP on every kind of node", async (lab) => {
  const dc = await lab.addRouter("dc");
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: home } } });
  for (const node of [server, dc, lab.ix]) {
    await using reflector = await node.spawnReflector();
    const mapping = await client.probeUdpMapping(reflector.address, { port: 40000 });
    assertEquals(mapping, { ip: home.uplinkIp, port: 40000 });
    const text = await client.run(async ({ ip, port }) => {
      using connection = await Deno.connect({ hostname: ip, port });
      return await new Response(connection.readable).text();
    }, reflector.address);
    assertEquals(parseSocketAddress(text).ip, home.uplinkIp);
  }
  await using six = await server.spawnReflector({ ip: server.ip6 });
  assertEquals((await client.probeUdpMapping(six.address)).ip, client.ip6);
});

labTest("a port that is taken is refused, and free again after close", async (lab) => {
  const dc = await lab.addRouter("dc");
  const first = await dc.spawnReflector({ port: 9000 });
  await assertRejects(() => dc.spawnReflector({ port: 9000 }), NetyardError, "9000");
  await first.close();
  await first.close();
  await using again = await dc.spawnReflector({ port: 9000 });
  assertEquals(again.address.port, 9000);
});

labTest("a probe that nobody answers ends at its deadline", async (lab) => {
  const dc = await lab.addRouter("dc");
  const address = { ip: lab.ix.ip, port: 9 };
  await assertRejects(
    () => dc.probeUdpMapping(address, { timeoutMs: 250 }),
    DeadlineError,
    "198.18.0.1:9",
  );
});
