import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Lab, NodeRemovedError, NotFoundError, reduceAll } from "@netyard/netyard";
import { eventsOf, expectPings, ip, pings } from "../kit.ts";

// deno-lint-ignore no-explicit-any -- the shape is that of ip(8)
const flags = (link: any): string[] => link.flags;

Deno.test("a member whose cable is pulled has no carrier, and keeps its addresses", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await lan.attach([a, b, c]);
  assertEquals(await pings(b, a.ip!), true);
  const nic = lan.nic(a);
  assertEquals([nic.name, nic.bridge, nic.interfaceName, nic.isConnected], [
    "a",
    "lan",
    "eth0",
    true,
  ]);
  await nic.disconnect();
  await nic.disconnect();
  assertEquals(lan.nic("a").isConnected, false);
  const [link] = ip(a, "link show eth0");
  assertEquals([flags(link).includes("UP"), flags(link).includes("NO-CARRIER")], [true, true]);
  await expectPings([[b, a.ip!, false], [a, lan.gateway!, false], [b, c.ip!, true]]);
  assertEquals(a.interface("eth0").isUp, true);
  await nic.reconnect();
  await nic.reconnect();
  await expectPings([
    [b, a.ip!, true],
    [a, lan.gateway!, true],
    [a, b.ip6!, true],
    [a, lan.gateway6!, true],
  ]);
  const kinds = (await eventsOf(lab)).map(({ kind }) => kind).filter((k) => /connected/.test(k));
  assertEquals(kinds, ["member-disconnected", "member-reconnected"]);
});

Deno.test("the only member of a router's LAN can have its cable pulled", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  const nic = home.lan.nic(a);
  await nic.disconnect();
  assertEquals(await pings(a, home.downstreamGateway!), false);
  await nic.reconnect();
  await expectPings([
    [a, home.downstreamGateway!, true],
    [a, home.downstreamGateway6!, true],
    [a, home.uplinkIp!, true],
  ]);
});

Deno.test("counters are those of the member's side", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await lan.attach([a, b]);
  const before = await lan.nic(a).counters();
  // One way only: ten datagrams of 1,000 bytes that nobody answers to but by ICMP.
  await a.command("ping", { args: ["-c", "10", "-i", "0.01", "-s", "1000", b.ip!] }).output();
  const after = await lan.nic(a).counters();
  const sent = after.txBytes - before.txBytes;
  assert(sent >= 10 * 1042 && sent < 10 * 1042 + 500, `${sent} bytes sent`);
  assert(after.rxPackets - before.rxPackets >= 10);
  assertEquals(after.errors, 0);
});

Deno.test("a node that is not attached has no NIC on the bridge", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await lan.attach(a);
  assertThrows(() => lan.nic(b), NotFoundError, "attached are: a; call attach() first");
  const nic = lan.nic(a);
  await nic.disconnect();
  await lan.detach(a);
  await assertRejects(() => nic.reconnect(), NodeRemovedError, "was detached");
  await lan.attach(a);
  assertEquals(lan.nic(a).isConnected, true);
  assertEquals(reduceAll(await eventsOf(lab)).bridges!.lan.rules, undefined);
});
