import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  DuplicateNameError,
  Lab,
  NodeRemovedError,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import { labFixture, waitUntil } from "@netyard/netyard/testing";
import { connects, greet, seenBy, udp } from "../../lab/kit.ts";
import { carrierIs, expectPings, pings, stateEvents, text } from "./kit.ts";

// a and b (machines) and pc on lan; a also on mgmt
const lan = labFixture({ label: "lan", seed: 1 }, async (lab) => {
  const [lan, mgmt] = [lab.bridge("lan"), lab.bridge("mgmt")];
  const a = lab.vm("a", { bridges: [lan, mgmt] });
  const b = lab.vm("b", { bridges: ["lan"] });
  const pc = await lab.addDevice("pc");
  await lan.attach(pc);
  await lab.boot();
  return { lan, mgmt, a, b, pc };
});

lan.test("machines and devices on one bridge reach each other by name from the first packet on", async (w) => {
  const { a, b, pc } = w;
  await expectPings([
    [a, "pc.lan", true],
    [pc, "a.lan", true],
    [a, "b.lan", true],
    [b, a.ip6!, true],
    [pc, b.ip6!, true],
    [b, pc.ip!, true],
  ]);
  assertEquals(a.interfaces.map(({ name, gateway }) => [name, gateway]), [
    ["eth0", "lan"],
    ["eth1", "mgmt"],
  ]);
  assertEquals(w.lan.members, ["a", "b", "pc"]);
  assertEquals(a.nic("mgmt").interfaceName, "eth1");
  assertThrows(() => a.nic("other"), NotFoundError, "eth0 (on lan), eth1 (on mgmt)");
});

lan.test("a guest has the addresses, routes and MTU of the lab, and no others", async ({ a, lab }) => {
  const addresses = (await text(a, "ip -o addr | awk '{print $2, $4}'")).split("\n").sort();
  const expected = a.interfaces.flatMap(({ name, ip, ip6, linkLocal6 }) => [
    `${name} ${ip}/24`,
    `${name} ${ip6}/64`,
    `${name} ${linkLocal6}/64`,
  ]);
  assertEquals(addresses, [...expected, "lo 127.0.0.1/8", "lo ::1/128"].sort());
  assertEquals(
    await text(a, "ip -4 route show default"),
    `default via ${lab.bridge("lan").gateway} dev eth0`,
  );
  assertMatch(await text(a, "ip -6 route show default"), /^default via fe80::\S+ dev eth0/);
  assertEquals(await text(a, "cat /sys/class/net/eth0/address"), a.interface("eth0").mac);
});

lan.test("a machine's link has its delays: each direction and each pair", async (w) => {
  const rtt = async (to: string) => {
    const out = await text(w.a, `ping -q -c 3 -i 0.1 ${to}`);
    return Number(/= ([\d.]+)/.exec(out)![1]);
  };
  const eth0 = w.a.interface("eth0");
  const plain = await rtt("b.lan");
  await eth0.setCondition({ latencyMs: 60 }, "up");
  const up = await rtt("b.lan");
  await eth0.setCondition({ latencyMs: 60 }, "down");
  const both = await rtt("b.lan");
  assert(up >= 60 && both >= 120 && plain < 60, `${plain} ${up} ${both}`);
  await eth0.setCondition(null);
  await w.lan.addLatency({ from: w.b, to: w.a, ms: 80 });
  assert(await rtt("b.lan") >= 80);
  assert(await rtt("pc.lan") < 80);
  await eth0.setCondition({ lossPct: 100 }, "up");
  await expectPings([[w.a, w.pc.ip!, false], [w.pc, w.a.ip6!, false], [w.b, w.pc.ip!, true]]);
  await eth0.setCondition(null);
});

lan.test("partitions apply to machines as to devices, for ARP and IPv6 too", async ({ lan, a, b, pc }) => {
  await lan.partition(a, b);
  await a.run("ip neigh flush all");
  await expectPings([
    [a, b.ip!, false],
    [b, a.ip6!, false],
    [a, pc.ip!, true],
    [pc, b.ip6!, true],
    [a, lan.gateway!, true],
  ]);
  assertMatch(await text(a, `ip neigh show ${b.ip}; echo`), /INCOMPLETE|FAILED|^$/);
  await lan.unpartition(a, b);
  assertEquals(await pings(a, b.ip!), true);
  await lan.isolate(a);
  await expectPings([[pc, a.ip!, false], [a, b.ip6!, false], [b, pc.ip!, true]]);
  await lan.unisolate(a);
  // One direction: requests pass, and replies do not.
  await lan.partition({ from: a, to: pc });
  const before = Number(await text(a, "cat /sys/class/net/eth0/statistics/rx_packets"));
  assertEquals(await pings(pc, a.ip!), false);
  assert(Number(await text(a, "cat /sys/class/net/eth0/statistics/rx_packets")) > before);
  assertEquals(await pings(b, a.ip!), true);
});

lan.test("a fixture's partitions and impairments are removed before the next test", async ({ lan, a, b, pc }) => {
  assertEquals([lan.isPartitioned(a, b), lan.isPartitioned(a, pc)], [false, false]);
  await expectPings([[a, b.ip!, true], [pc, a.ip!, true]]);
});

lan.test("a disconnected cable or a link that is down removes the carrier", async ({ lan, a, pc }) => {
  const nic = lan.nic(a);
  const eth0 = a.interface("eth0");
  for (
    const [off, on] of [
      [() => nic.disconnect(), () => nic.reconnect()],
      [() => eth0.linkDown(), () => eth0.linkUp()],
    ]
  ) {
    await off();
    await carrierIs(a, "eth0", 0);
    await expectPings([[pc, a.ip!, false], [a, pc.ip6!, false], [a, lan.gateway!, false]]);
    assertMatch(await text(a, "ip addr show eth0"), new RegExp(a.ip!.replaceAll(".", "\\.")));
    await on();
    await carrierIs(a, "eth0", 1);
    await waitUntil(() => pings(a, "pc.lan"), { timeoutMs: 10_000 });
    await expectPings([[pc, a.ip!, true], [pc, a.ip6!, true]]);
  }
});

lan.test("a fault removes the carrier, and healing restores it", async ({ lab, a, pc }) => {
  const fault = await lab.inject({ kind: "link-down", node: a, interface: "eth0" });
  await carrierIs(a, "eth0", 0);
  assertEquals(await pings(pc, a.ip!), false);
  await fault.heal();
  await carrierIs(a, "eth0", 1);
  await waitUntil(() => pings(pc, a.ip!), { timeoutMs: 10_000 });
});

lan.test("counters count from the guest's side", async ({ lan, a, pc }) => {
  const nic = lan.nic(a);
  const [before, other] = [await nic.counters(), await lan.nic(pc).counters()];
  (await a.run(`ping -q -c 10 -i 0.05 -s 1000 ${pc.ip}`)).assertOk();
  // In one direction only.
  await a.run(`ping -q -c 5 -i 0.05 -W 1 -s 1200 ${lan.gateway!.replace(/\.\d+$/, ".200")}`);
  const after = await nic.counters();
  const [rx, tx] = [after.rxPackets - before.rxPackets, after.txPackets - before.txPackets];
  assert(rx >= 10 && rx < 30 && tx >= 10 && tx < 60, JSON.stringify([rx, tx]));
  assert(after.txBytes - before.txBytes >= 10 * 1042, "sent by the guest");
  assert((await lan.nic(pc).counters()).rxBytes - other.rxBytes >= 10 * 1042);
});

lan.test("names of entries and members, and the name server, reach running guests", async ({ lab, lan, a, pc }) => {
  await lab.dnsEntry("api.example", pc.ip!);
  await lab.setNameserver("192.0.2.53");
  assertEquals(await pings(a, "api.example"), true);
  assertMatch(await text(a, "cat /etc/resolv.conf"), /nameserver 192\.0\.2\.53/);
  const late = await lab.addDevice("late", { interfaces: { eth0: { gateway: lan } } });
  await expectPings([[a, "late.lan", true], [late, "a.lan", true]]);
  await lab.remove(late);
  assertEquals((await a.run("grep late.lan /etc/hosts")).ok(), false);
  assertEquals(await text(a, "hostname"), "a");
});

lan.test("NICs are added and removed while the machine runs, and the default route follows", async (w) => {
  const { lab, lan, mgmt, b, pc } = w;
  const other = lab.bridge("other");
  await other.attach(b);
  assertEquals(b.interfaces.map(({ name }) => name), ["eth0", "eth1"]);
  await carrierIs(b, "eth1", 1);
  const far = await lab.addDevice("far", { interfaces: { eth0: { gateway: other } } });
  await expectPings([[b, "far.other", true], [far, "b.other", true], [b, pc.ip!, true]]);
  assertMatch(await text(b, "ip route show default"), /dev eth0/);
  await lan.detach(b);
  await carrierIs(b, "eth0", 0);
  assertEquals(
    await text(b, "ip -4 addr show eth0"),
    await text(b, "ip -4 addr show eth0 | grep -v inet; :"),
  );
  assertEquals(await text(b, "ip route show default"), `default via ${other.gateway} dev eth1`);
  await expectPings([[b, pc.ip!, false], [pc, "10.0.1.3", false], [b, far.ip6!, true]]);
  assertEquals(b.ip, b.interface("other").ip);
  // The free NIC is used again.
  await mgmt.attach(b);
  assertEquals(b.nic("mgmt").interfaceName, "eth0");
  await carrierIs(b, "eth0", 1);
  await waitUntil(() => pings(b, "a.mgmt"), { timeoutMs: 10_000 });
  assertEquals(b.interfaces.map(({ name, gateway }) => [name, gateway]).sort(), [
    ["eth0", "mgmt"],
    ["eth1", "other"],
  ]);
  await other.close();
  await carrierIs(b, "eth1", 0);
  await mgmt.detach(b);
  await lan.attach(b);
  await waitUntil(() => pings(b, "pc.lan"), { timeoutMs: 10_000 });
  await lab.remove(far);
});

lan.test("a new address and an additional one reach the guest", async ({ a, pc }) => {
  const eth0 = a.interface("eth0");
  const before = a.ip!;
  const ip = await eth0.renewIp();
  assert(ip !== before && a.ip === ip);
  await expectPings([[pc, ip, true], [pc, before, false], [pc, "a.lan", true]]);
  const extra = ip.replace(/\.\d+$/, ".99");
  await eth0.addIp(extra, 24);
  await expectPings([[pc, extra, true], [a, pc.ip!, true]]);
});

lan.test("an invalid name, an unknown bridge and a NIC too many are refused", async ({ lab, lan, a }) => {
  assertThrows(() => lab.vm("pc", {}), DuplicateNameError, '"pc"');
  assertThrows(() => lab.vm("a", {}), DuplicateNameError, '"a"');
  await assertRejects(() => lab.addDevice("a"), DuplicateNameError);
  assertThrows(() => lab.vm("nowhere"), NotFoundError, "nowhere");
  assertEquals(lab.vm("a"), a);
  const [many] = [lab.vm("many", {})];
  for (let i = 0; i < 8; i++) await lab.bridge(`n${i}`).attach(many);
  const members = lan.members;
  await assertRejects(() => lan.attach(many), TopologyError, "8 by NICs, 0 by disks");
  assertEquals([lan.members, many.interfaces.length], [members, 8]);
  await lab.remove(many);
  assertEquals(many.state, "removed");
  assertThrows(() => many.interfaces, NodeRemovedError, "many");
  assertThrows(() => lab.vm("many"), NotFoundError);
  assertEquals(lab.bridge("n0").members, []);
  lab.vm("many", {});
  assertEquals((await stateEvents(lab, "many")).map(({ state }) => state), ["removed"]);
});

// nas (machine) -- home (NAT) -- dc -- server
const nat = labFixture({ label: "nat", seed: 1 }, async (lab) => {
  const eu = await lab.addRegion("eu");
  const dc = await lab.addRouter("dc", { preset: "public", region: eu });
  const home = await lab.addRouter("home", { preset: "home", mtu: 1400 });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const nas = lab.vm("nas", { bridges: [home] });
  await nas.boot();
  return { dc, home, server, nas };
});

nat.test("a machine behind a NAT reaches a server, which sees the NAT and cannot reach in", async (w) => {
  const { home, server, nas } = w;
  await expectPings([
    [nas, server.ip!, true],
    [nas, server.ip6!, true],
    [nas, home.uplinkIp!, true],
    [server, nas.ip!, false],
  ]);
  await using tcp = greet(server, "0.0.0.0");
  const heard = await text(nas, `busybox nc ${server.ip} ${tcp.port} </dev/null`);
  assertEquals(heard, home.uplinkIp);
  await using socket = udp(server, server.ip!, 53);
  await using asking = await nas.spawn(`busybox nslookup example.com ${server.ip}`);
  // One query for each family, or one alone until now.
  assertEquals(await socket.received(1, 5000) > 0, true);
  assertEquals(socket.from[0], home.uplinkIp);
  await asking.close();
  await using six = greet(server, "::");
  assertEquals(await text(nas, `busybox nc ${server.ip6} ${six.port} </dev/null`), nas.ip6);
  await using inner = await nas.spawn("busybox nc -l -p 7000 -e echo in");
  await waitUntil(async () => (await nas.run("netstat -ltn | grep :7000")).ok());
  assertEquals(await connects(server, home.uplinkIp!, 7000), false);
  assertEquals(await connects(server, nas.ip6!, 7000), false);
  const phone = await w.lab.addDevice("phone", { interfaces: { eth0: { gateway: home } } });
  using connection = await phone.runSync(() => Deno.connect({ hostname: nas.ip!, port: 7000 }));
  const bytes = new Uint8Array(16);
  const got = await connection.read(bytes);
  assertEquals(new TextDecoder().decode(bytes.subarray(0, got!)), "in\n");
  await w.lab.remove(phone);
  await inner.close();
});

nat.test("the guest gets a small MTU of the router, and the environment has its addresses", async (w) => {
  const { lab, nas, server } = w;
  assertEquals(await text(nas, "cat /sys/class/net/eth0/mtu"), "1400");
  assertEquals(nas.interface("eth0").mtu, 1400);
  assertEquals((await nas.run(`ping -c 1 -W 1 -M do -s 1372 ${server.ip}`)).ok(), true);
  assertEquals((await nas.run(`ping -c 1 -W 1 -M do -s 1373 ${server.ip}`)).ok(), false);
  assertEquals(lab.env.NETYARD_IP_NAS, nas.ip);
  assertEquals(lab.env.NETYARD_IP6_NAS, nas.ip6);
});

nat.test("a machine moves to another router, with new addresses and routes", async (w) => {
  const { lab, nas, server, home } = w;
  const office = await lab.addRouter("office", { preset: "corporate" });
  await using tcp = greet(server, "0.0.0.0");
  const seen = () => text(nas, `busybox nc -w 5 ${server.ip} ${tcp.port} </dev/null`);
  assertEquals(await seen(), home.uplinkIp);
  const mac = nas.interface("eth0").mac;
  await nas.interface("eth0").replug(office);
  assertEquals([nas.interface("eth0").gateway, nas.interface("eth0").mac], ["office", mac]);
  assertMatch(
    await text(nas, "ip route show default"),
    new RegExp(`via ${office.lan.gateway} dev eth0`),
  );
  assertEquals(await text(nas, "cat /sys/class/net/eth0/mtu"), "1500");
  assertEquals((await nas.run("grep -c '\\.home' /etc/hosts")).ok(), false);
  assertEquals(await pings(nas, office.lan.gateway!), true);
  await nas.interface("eth0").replug(home);
  assertEquals(await seen(), home.uplinkIp);
  await home.setDownlinkCondition({ latencyMs: 70 });
  const out = await text(nas, `ping -q -c 2 -i 0.1 ${server.ip}`);
  assert(Number(/= ([\d.]+)/.exec(out)![1]) >= 70, out);
  await home.setDownlinkCondition(null);
});

Deno.test("a device exchanges traffic with a machine as with a device", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const vm = lab.vm("vm", { bridges: ["dc"] });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: dc } } });
  await vm.boot();
  await using server = greet(pc, pc.ip!);
  assertEquals(await text(vm, `busybox nc ${pc.ip} ${server.port} </dev/null`), vm.ip);
  await using _ = await vm.spawn("busybox nc -ll -p 80 -e sh -c 'echo $NCAT_REMOTE_ADDR hi'");
  await waitUntil(async () => (await vm.run("netstat -ltn | grep :80")).ok());
  assertEquals(await seenBy(pc, vm.ip!, 80), " hi\n".trimStart());
});
