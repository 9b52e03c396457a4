import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type Device, Lab, TopologyError } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";
import { parseCidr } from "../../../lib/address/mod.ts";
import { Udp } from "../../nat/udp.ts";
import { connects, expectPings, greet, ip as ipCommand, links, pings, seenBy } from "../kit.ts";
import { attached, fourServer, page, said } from "./nat64_scene.ts";

// ix -- four(server), v4-only;  ix -- carrier(phone, tablet)
labTest("programs that know IPv4 alone work on a device that has IPv6 alone", async (lab) => {
  const { server, ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier, { clat: true });
  const tablet = await attached(lab, "tablet", carrier, { clat: true });
  assertEquals([phone.ip, phone.clat?.ip], [undefined, "192.0.0.1"]);
  assert(phone.clat!.ip6 !== phone.ip6 && phone.clat!.ip6 !== tablet.clat!.ip6);
  await expectPings([[phone, ip, true], [tablet, ip, true], [phone, tablet.ip6!, true]]);

  await using site = page(server, ip);
  for (const node of [phone, tablet]) {
    const url = `http://${ip}:${site.port}/`;
    const curl = await said(node, "curl", "-4", "-sS", "--max-time", "5", url);
    assertEquals(curl, { success: true, text: carrier.uplinkIp });
  }
  await using far = await Udp.open(server, 0, ip);
  await using near = await Udp.open(phone);
  for (const size of [1, 1400, 1452, 1472, 6000]) {
    await near.send("x".repeat(size), { ip, port: far.port });
    const there = await far.next();
    assertEquals([there?.text.length, there?.from.ip], [size, carrier.uplinkIp]);
    await far.send("y".repeat(size), there!.from);
    // A full packet of IPv4 is too long at first, and the server learns it.
    if (!await near.next(300)) await far.send("y".repeat(size), there!.from);
  }
  assertGreater(phone.clatCounters()!.translated, 10);
  assertEquals(phone.clatCounters()!.refused, {});
});

// ix -- four(server);  ix -- carrier(inner(phone))
labTest("large transfers and errors pass a CLAT, also behind another router", async (lab) => {
  const { server, ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const inner = await lab.addRouter("inner", { ipSupport: "v6-only", upstream: carrier });
  const phone = await attached(lab, "phone", inner, { clat: true });
  for (const sender of ["phone", "server"]) {
    const size = 500_000;
    using listener = server.runSync(() => Deno.listen({ hostname: ip, port: 0 }));
    const { port } = listener.addr as Deno.NetAddr;
    const connecting = phone.runSync(() => Deno.connect({ hostname: ip, port }));
    const [near, far] = await Promise.all([connecting, listener.accept()]);
    const [from, to] = sender === "phone" ? [near, far] : [far, near];
    const writer = from.writable.getWriter();
    const writing = writer.write(new Uint8Array(size)).then(() => writer.close());
    let received = 0;
    for await (const chunk of to.readable) received += chunk.length;
    await writing;
    assertEquals(received, size);
    for (const end of [near, far]) {
      try {
        end.close();
      } catch {
        // Its stream closed it.
      }
    }
  }
  // Nobody listens, and a network that there is not.
  const send = "exec 3<>/dev/udp/$0/9; for i in {1..50}; do echo >&3; sleep 0.1; done";
  assertStringIncludes((await said(phone, "bash", "-ec", send, ip)).text, "refused");
  const nowhere = await said(phone, "ping", "-c", "1", "-W", "2", "203.0.113.200");
  assertStringIncludes(nowhere.text, `From ${lab.ix.ip} icmp_seq=1 Destination`);
});

// ix -- four(server);  ix -- carrier(phone);  ix -- other(), v6-only with NAT64;  ix -- home(), dual-stack
labTest("a CLAT follows its device, and waits where there is IPv4 or no NAT64", async (lab) => {
  const { server, ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const other = await lab.addRouter("other", { preset: "isp-v6" });
  const home = await lab.addRouter("home", { preset: "home" });
  const phone = await attached(lab, "phone", carrier, { clat: true });
  await attached(lab, "tablet", carrier);
  await using hello = greet(server, ip);
  const seen = async (node: Device) => await seenBy(node, ip, hello.port);
  assertEquals(await seen(phone), carrier.uplinkIp);
  const routes = () => ipCommand(carrier, `-6 route show ${phone.clat!.ip6}`).length;
  assertEquals(routes(), 1);
  const first = phone.clat!.ip6;

  await phone.interface("eth0").replug(other);
  assertEquals(await seen(phone), other.uplinkIp);
  assert(phone.clat!.ip6 !== first);
  assertEquals(ipCommand(carrier, `-6 route show ${first}`), []);

  await phone.interface("eth0").replug(home);
  assertEquals([phone.clat, links(phone)], [undefined, ["eth0"]]);
  assertEquals(await seen(phone), home.uplinkIp);

  await phone.interface("eth0").replug(carrier);
  assertEquals(await seen(phone), carrier.uplinkIp);
  await phone.interface("eth0").linkDown();
  assertEquals(await connects(phone, ip, hello.port), false);
  await phone.interface("eth0").linkUp();
  assertEquals(await seen(phone), carrier.uplinkIp);

  await carrier.setNatV6("none");
  assertEquals([phone.clat, phone.clatCounters()], [undefined, undefined]);
  assertEquals(await pings(phone, ip), false);
  await carrier.setNatV6("nat64");
  assertEquals(await seen(phone), carrier.uplinkIp);
  await lab.remove(phone);
  assertEquals(ipCommand(carrier, "-6 route").filter(({ dst }) => /::\w+$/.test(dst)).length, 1);
});

// ix -- four(server), v4-only;  ix -- carrier(phone), which advertises
labTest("a CLAT goes together with advertisements of routers", async (lab) => {
  const { server, ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const ipv6 = { provisioning: "ra" };
  const phone = await attached(lab, "phone", carrier, { clat: true, ipv6 });
  await using hello = greet(server, ip);
  assertEquals(await seenBy(phone, ip, hello.port), carrier.uplinkIp);
  await using six = greet(carrier, carrier.downstreamGateway6!);
  assertEquals(await seenBy(phone, carrier.downstreamGateway6!, six.port), phone.ip6);
  const [route] = ipCommand(phone, "-6 route show default");
  assertEquals(route.protocol, "ra");
});

for (const provisioning of ["static", "ra"] as const) {
  // ix -- four(server);  ix -- carrier(phone, inner(deep)), whose prefix changes
  Deno.test(`a CLAT follows a new prefix of its LAN: ${provisioning}`, async () => {
    await using lab = await Lab.create({ ipv6: { provisioning } });
    const { ip } = await fourServer(lab);
    const asking = { ipSupport: "v6-only", prefixDelegation: true } as const;
    const carrier = await lab.addRouter("carrier", { ...asking, natV6: "nat64" });
    const inner = await lab.addRouter("inner", { ...asking, upstream: carrier });
    const phone = await attached(lab, "phone", carrier, { clat: true });
    const deep = await attached(lab, "deep", inner, { clat: true });
    for (let round = 0; round < 3; round++) {
      for (const [device, { downstreamCidr6 }] of [[phone, carrier], [deep, inner]] as const) {
        const lan = parseCidr(downstreamCidr6!);
        assert(lan.contains(device.ip6!) && lan.contains(device.clat!.ip6));
      }
      await expectPings([[phone, ip, true], [deep, ip, true]]);
      await carrier.renewPrefix();
    }
  });
}

Deno.test("a device that hears its router late gets its CLAT then", async () => {
  await using lab = await Lab.create({ ipv6: { provisioning: "ra" } });
  const { ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", {
    preset: "isp-v6",
    routerAdvertisement: { enabled: false },
  });
  const phone = await attached(lab, "phone", carrier, { clat: true });
  assertEquals([phone.ip6, phone.clat], [undefined, undefined]);
  await carrier.setRouterAdvertisement({ enabled: true });
  await waitUntil(() => phone.clat !== undefined, { what: "the phone to have a CLAT" });
  await expectPings([[phone, ip, true]]);
});

labTest("a CLAT that is of no use is refused, and nothing is left", async (lab) => {
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const home = await lab.addRouter("home", { preset: "home" });
  const six = await lab.addRouter("six", { ipSupport: "v6-only" });
  const before = [carrier, home, six].map(links);
  const refused = (gateways: (typeof six)[], message: string) =>
    assertRejects(
      () =>
        lab.addDevice("phone", {
          interfaces: Object.fromEntries(gateways.map((gateway, i) => [`eth${i}`, { gateway }])),
          clat: true,
        }),
      TopologyError,
      message,
    );
  await refused([home], 'it gets IPv4 from "home"');
  await refused([carrier, home], 'it gets IPv4 from "home"');
  await refused([six], 'neither "six" nor an upstream of it has that');
  await refused([], "the device has no interface");
  assertEquals([carrier, home, six].map(links), before);
  await attached(lab, "phone", carrier, { clat: true });
});

Deno.test("a configuration with a CLAT is checked before anything is built", async () => {
  const routers = [
    { name: "carrier", preset: "isp-v6" },
    { name: "six", ipSupport: "v6-only" },
  ] as const;
  const build = (gateway: string) =>
    Lab.fromConfig({
      routers: [...routers],
      devices: { phone: { interfaces: { eth0: { gateway } }, clat: true } },
    });
  await assertRejects(() => build("six"), Error, 'neither "six" nor an upstream of it has that');
  await using lab = await build("carrier");
  assertEquals(lab.device("phone").clat?.ip, "192.0.0.1");
});
