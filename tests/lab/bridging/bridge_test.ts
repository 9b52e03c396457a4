import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DuplicateNameError,
  InvalidNameError,
  InvalidOptionError,
  Lab,
  LabClosedError,
  NodeRemovedError,
  NotFoundError,
  PoolExhaustedError,
  TopologyError,
} from "@netyard/netyard";
import { eventsOf, expectPings, ip, links, pings, sh } from "../kit.ts";
import { observeSteps } from "../../../lib/lab/model/steps.ts";

const lookup = (node: Parameters<typeof sh>[0], name: string) => {
  try {
    return sh(node, `getent ahosts ${name} | awk '{print $1}' | sort -u`).split("\n").filter(
      Boolean,
    ).sort();
  } catch {
    return [];
  }
};

// a -- lan -- b, c on its own
Deno.test("members of a bridge reach each other and the gateway, by IPv4, IPv6 and name", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  assertEquals(lab.bridge("lan"), lan);
  assertEquals(lab.bridges, [lan]);
  assertEquals(lan.members, []);
  const a = await lab.addDevice("a");
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: lan } } });
  const c = await lab.addDevice("c", {});
  assertEquals([a.ip, a.interfaces, c.ip], [undefined, [], undefined]);
  await lan.attach(a);
  assertEquals(lan.members, ["b", "a"]);
  assertEquals(a.interfaces.map(({ name, gateway }) => [name, gateway]), [["eth0", "lan"]]);
  assertEquals(a.defaultInterface.name, "eth0");
  assertEquals([lan.cidr, lan.gateway, a.ip], ["10.0.1.0/24", "10.0.1.1", "10.0.1.3"]);
  await expectPings([
    [a, b.ip!, true],
    [a, b.ip6!, true],
    [b, "a.lan", true],
    [a, lan.gateway!, true],
    [a, lan.gateway6!, true],
    [c, a.ip!, false],
  ]);
  assertEquals(lookup(a, "b.lan"), [b.ip!, b.ip6!].sort());
  assertEquals(lookup(a, "a.lan"), [a.ip!, a.ip6!].sort());
  assertEquals(lookup(c, "b.lan"), [], "who is not on the bridge does not know its members");
});

Deno.test("a bridge reaches its members alone", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: "lan-1" } } }).catch((e) =>
    e
  );
  assert(a instanceof NotFoundError, "a bridge is only there once it was asked for");
  const lan = lab.bridge("lan-1");
  const one = await lab.addDevice("one", { interfaces: { eth0: { gateway: "lan-1" } } });
  await expectPings([[one, lan.gateway!, true], [one, server.ip!, false]]);
  assertEquals(sh(one, `ping -c 1 -W 1 ${server.ip} || :`).includes("Unreachable"), true);
});

Deno.test("one device on two bridges has an interface on each, and names on both", async () => {
  await using lab = await Lab.create();
  const [mgmt, data] = [lab.bridge("mgmt"), lab.bridge("data")];
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await mgmt.attach([a, b]);
  await data.attach([a, { name: "b" }, "a"]);
  assertEquals(a.interfaces.map(({ name }) => name), ["eth0", "eth1"]);
  assertEquals(a.defaultInterface.name, "eth0");
  await expectPings([[a, "b.mgmt", true], [a, "b.data", true]]);
  assertEquals(lookup(a, "b.data"), [b.interface("eth1").ip!, b.interface("eth1").ip6!].sort());
});

Deno.test("an interface that is added may be on a bridge, by handle or name", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await a.addInterface("port1", { gateway: lan });
  await b.addInterface("port1", { gateway: "lan", ip: "10.0.1.77" });
  assertEquals([lan.members, b.ip], [["a", "b"], "10.0.1.77"]);
  assertEquals(await pings(a, "b.lan"), true);
  await lan.detach(a);
  assertEquals(links(a), []);
});

Deno.test("attaching again changes nothing", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const a = await lab.addDevice("a");
  await lan.attach(a);
  const [{ ip }] = a.interfaces;
  const before = await eventsOf(lab);
  await lan.attach([a, "a"]);
  assertEquals(a.interfaces.map((one) => one.ip), [ip]);
  assertEquals((await eventsOf(lab)).length, before.length + 1, "but for the mark of the test");
});

Deno.test("attaching several members is all or nothing", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  const refused = await assertRejects(
    () => lan.attach([a, "bb", b]),
    NotFoundError,
    'bridge "lan": attach(): there is no node "bb" in the lab; did you mean "b"?',
  );
  assert(refused);
  assertEquals([lan.members, a.interfaces, links(a)], [[], [], []]);
  // The second one fails half-way.
  for (const at of ["link", "addresses", "register"]) {
    let count = 0;
    using _ = observeSteps((step) => {
      if (step === at && ++count === 2) throw new Error("test");
    });
    await assertRejects(() => lan.attach([a, b]), Error, "test");
    assertEquals([lan.members, a.interfaces, links(a), links(b)], [[], [], [], []], at);
  }
  await lan.attach([a, b]);
  assertEquals(lan.members, ["a", "b"]);
  assertEquals(await pings(a, b.ip!), true);
});

Deno.test("a full bridge refuses further members, and says so", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { downstreamCidr: "10.9.9.0/30" });
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await assertRejects(() => home.lan.attach([a, b]), PoolExhaustedError);
  assertEquals(home.lan.members, []);
  await home.lan.attach(a);
  assertEquals(home.lan.members, ["a"]);
});

Deno.test("a detached member is gone from the bridge, and from the names of the others", async () => {
  await using lab = await Lab.create();
  const [lan, other] = [lab.bridge("lan"), lab.bridge("other")];
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await lan.attach([a, b]);
  await other.attach(a);
  assertEquals(lookup(b, "a.lan").length, 2);
  const { ip: address } = a;
  await lan.detach(a);
  assertEquals(lan.members, ["b"]);
  assertEquals(links(a), ["eth1"]);
  assertEquals(a.defaultInterface.name, "eth1", "the default route moves");
  assertEquals(await pings(b, address!), false);
  assertEquals([lookup(b, "a.lan"), lookup(a, "b.lan")], [[], []]);
  await assertRejects(
    () => lan.detach(a),
    NotFoundError,
    '"a" is not attached to bridge "lan"; attached are: b; call attach() first',
  );
  await lan.attach("a");
  assertEquals(await pings(b, "a.lan"), true);
});

Deno.test("names follow changed addresses and members", async () => {
  await using lab = await Lab.create();
  const [lan, other] = [lab.bridge("lan"), lab.bridge("other")];
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await lan.attach([a, b]);
  assertEquals(lookup(a, "b.lan").includes(b.ip!), true);
  const renewed = await b.interface("eth0").renewIp();
  assertEquals(lookup(a, "b.lan").includes(renewed), true);
  assertEquals(await pings(a, "b.lan"), true);
  await lan.attach(c);
  assertEquals(lookup(a, "c.lan").length, 2);
  await c.interface("eth0").replug(other);
  assertEquals(lookup(a, "c.lan"), []);
  assertEquals(lookup(c, "c.other").length, 2);
  assertEquals([lan.members, other.members], [["a", "b"], ["c"]]);
  await lab.remove(b);
  assertEquals(lookup(a, "b.lan"), []);
});

Deno.test("a node and a bridge cannot have the same name", async () => {
  await using lab = await Lab.create();
  lab.bridge("x");
  await lab.addDevice("d");
  await assertRejects(() => lab.addRouter("x"), DuplicateNameError, '"x"');
  await assertRejects(() => lab.addDevice("x"), DuplicateNameError, '"x"');
  assertThrows(() => lab.bridge("d"), DuplicateNameError, '"d"');
  assertThrows(() => lab.bridge("ix"), DuplicateNameError, '"ix"');
  assertThrows(() => lab.bridge("Not A Name"), InvalidNameError, "Not A Name");
  assertThrows(() => lab.bridge(undefined as unknown as string), InvalidNameError);
  assertEquals(lab.bridges.map(({ name }) => name), ["x"]);
});

Deno.test("only devices of the lab can be attached", async () => {
  await using lab = await Lab.create();
  await using foreign = await Lab.create();
  const lan = lab.bridge("lan");
  const home = await lab.addRouter("home");
  const stranger = await foreign.addDevice("stranger");
  await assertRejects(() => lan.attach(home), TopologyError, '"home" is a router');
  await assertRejects(() => lan.attach(lab.bridge("other")), TopologyError, '"other" is a bridge');
  await assertRejects(() => lan.attach(stranger), TopologyError);
  await assertRejects(() => lan.attach("ix"), NotFoundError, '"ix"');
  await assertRejects(() => lan.attach(7 as unknown as string), InvalidOptionError, "7");
  await assertRejects(
    () => lab.addDevice("d", { interfaces: { eth0: { gateway: foreign.bridge("far") } } }),
    TopologyError,
    'bridge "far" is of another lab',
  );
  const gone = await lab.addDevice("gone");
  await lab.remove(gone);
  await assertRejects(() => lan.attach(gone), NodeRemovedError);
  assertEquals(lan.members, []);
});

Deno.test("a closed bridge and its networks are gone, its members stay", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await lan.attach([a, b]);
  await lan.close();
  await lan.close();
  assertEquals([links(a), links(b), lab.bridges], [[], [], []]);
  assertThrows(() => lan.members, NodeRemovedError, 'bridge "lan" was removed');
  await assertRejects(() => lan.attach(a), NodeRemovedError);
  const again = lab.bridge("lan");
  assert(again !== lan);
  assertEquals(again.members, []);
  await again.attach([a, b]);
  assertEquals(await pings(a, "b.lan"), true);
  await lab.remove(again);
  assertEquals(lab.bridges, []);
  const kinds = (await eventsOf(lab)).map(({ kind }) => kind).filter((kind) => /bridge/.test(kind));
  assertEquals(kinds, ["bridge-added", "bridge-removed", "bridge-added", "bridge-removed"]);
});

Deno.test("a closed lab has no bridges", async () => {
  const lab = await Lab.create();
  const lan = lab.bridge("lan");
  await lab.close();
  assertThrows(() => lab.bridge("lan"), LabClosedError);
  await assertRejects(() => lan.attach("a"), LabClosedError);
  await lan.close();
});

// laptop -- home (NAT) -- dc -- server
Deno.test("the LAN of a router is a bridge: the same one by each name, and it cannot be closed", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home.lan } } });
  const phone = await lab.addDevice("phone");
  assertEquals(lab.bridge("home"), home.lan);
  assertEquals(lab.bridges, []);
  await home.lan.attach(phone);
  assertEquals(home.lan.members, ["laptop", "phone"]);
  assertEquals(phone.interface("eth0").gateway, "home");
  await expectPings([
    [phone, "laptop.home", true],
    [laptop, "phone.home", true],
    [phone, server.ip!, true],
    [server, phone.ip!, false],
  ]);
  await assertRejects(() => home.lan.close(), TopologyError, 'the LAN of router "home"');
  await assertRejects(() => lab.remove(home.lan), TopologyError, 'the LAN of router "home"');
  const inner = await lab.addRouter("inner", { upstream: home });
  assertEquals(home.lan.members, ["laptop", "phone", "inner"]);
  assertEquals(lookup(laptop, "inner.home").includes(inner.uplinkIp!), true);
  await assertRejects(() => home.lan.detach(inner), TopologyError, '"inner" is a router');
});

Deno.test("neither NAT nor firewall of the router sees frames between members", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "corporate" });
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await home.lan.attach([a, b]);
  const calls = home.runSync(() => {
    const text = new Deno.Command("sysctl", { args: ["-a", "-r", "bridge-nf-call"] }).outputSync();
    return new TextDecoder().decode(text.stdout).trim();
  });
  assertEquals(calls.split("\n").filter((line) => line && !line.endsWith("= 0")), []);
  // What every packet would meet that goes through the rules for IP.
  sh(home, "nft 'add table inet t { chain c { type filter hook forward priority 0; drop; } ; }'");
  await expectPings([[a, b.ip!, true], [a, b.ip6!, true]]);
  assertEquals(sh(home, "cat /proc/net/nf_conntrack 2>/dev/null || :").includes(b.ip!), false);
  assertEquals(ip(home, "link show type bridge").length, 1);
});
