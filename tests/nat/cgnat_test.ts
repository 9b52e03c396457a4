import { assertEquals, assertNotEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { attach, attachAll, servers } from "./net.ts";
import { arrivals, Udp } from "./udp.ts";

// phone-a, phone-b - isp - IX - dc - server
Deno.test("two subscribers of a CGNAT share its address, each with a port of its own", async () => {
  await using lab = await Lab.create({ label: "cgnat" });
  const [server] = await servers(lab, "server");
  const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
  const phones = await attachAll(lab, ["phone-a", "phone-b"], isp);
  const reflector = await server.spawnReflector();
  await using a = await Udp.open(phones[0], 40000);
  await using b = await Udp.open(phones[1], 40000);

  const [seenA, seenB] = [await a.seenBy(reflector), await b.seenBy(reflector)];
  assertEquals([seenA.ip, seenB.ip], [isp.uplinkIp, isp.uplinkIp]);
  assertNotEquals(seenA.port, seenB.port);
});

// laptop - home - isp - IX - dc - server, stranger
Deno.test("behind a home NAT behind a CGNAT, both translate and the ISP's address is seen", async () => {
  await using lab = await Lab.create({ label: "double-nat" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
  const home = await lab.addRouter("home", { preset: "home", upstream: isp });
  const laptop = await attach(lab, "laptop", home);
  const reflector = await server.spawnReflector();
  const betweenReflector = await isp.spawnReflector({ ip: isp.downstreamGateway! });
  await using socket = await Udp.open(laptop, 40000);
  await using outside = await Udp.open(stranger, 5000);

  const between = await socket.seenBy(betweenReflector);
  assertEquals(between, { ip: home.uplinkIp!, port: 40000 });
  const mapping = await socket.seenBy(reflector);
  assertEquals(mapping, { ip: isp.uplinkIp!, port: 40000 });
  assertNotEquals(home.uplinkIp, isp.uplinkIp);

  // The ISP lets strangers in, the home does not.
  await using atHome = await Udp.open(home, 40000);
  const knock = () => outside.send("knock", mapping);
  const known = () => socket.send("?", reflector.address);
  assertEquals(await arrivals(socket, knock, known), [`${mapping.ip}:${mapping.port}`]);
  assertEquals((await atHome.next())?.text, "knock");
});

// laptop-a - home-a, laptop-b - home-b; home-a, home-b - isp - IX - dc - server
Deno.test("subscribers of one CGNAT reach each other by its hairpin", async () => {
  await using lab = await Lab.create({ label: "cgnat-hairpin" });
  const [server] = await servers(lab, "server");
  const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
  const sockets: Udp[] = [];
  await using stack = new AsyncDisposableStack();
  for (const side of ["a", "b"]) {
    const home = await lab.addRouter(`home-${side}`, { nat: "full-cone", upstream: isp });
    const laptop = await attach(lab, `laptop-${side}`, home);
    sockets.push(stack.use(await Udp.open(laptop, 40000)));
  }
  const [a, b] = sockets;
  const reflector = await server.spawnReflector();
  const [mappedA, mappedB] = [await a.seenBy(reflector), await b.seenBy(reflector)];
  assertEquals([mappedA.ip, mappedB.ip], [isp.uplinkIp, isp.uplinkIp]);
  assertNotEquals(mappedA.port, mappedB.port);

  await a.send("from a", mappedB);
  assertEquals(await b.next(), { text: "from a", from: mappedA });
  await b.send("from b", mappedA);
  assertEquals(await a.next(), { text: "from b", from: mappedB });
});
