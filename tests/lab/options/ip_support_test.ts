import { assertEquals, assertRejects } from "@std/assert";
import { type Device, type IpSupport, Lab, type Node, TopologyError } from "@netyard/netyard";
import { expectPings, ip } from "../kit.ts";

const SUPPORTS: IpSupport[] = ["v4-only", "v6-only", "dual-stack"];
const has4 = (support: IpSupport) => support !== "v6-only";
const has6 = (support: IpSupport) => support !== "v4-only";

// ix -- one(a);  ix -- two(b), for each pair of ipSupport
Deno.test("two sites communicate in the address families that both have", async () => {
  await using lab = await Lab.create();
  const devices = new Map<IpSupport, [Device, Device]>();
  for (const support of SUPPORTS) {
    const sites = [];
    for (const n of [1, 2]) {
      const router = await lab.addRouter(`${support}-${n}`, { ipSupport: support });
      const { ipSupport, downstreamCidr, downstreamCidr6, uplinkIp, uplinkIp6 } = router;
      assertEquals(ipSupport, support);
      const defined = [downstreamCidr, uplinkIp, downstreamCidr6, uplinkIp6].map((x) => !!x);
      assertEquals(defined, [has4(support), has4(support), has6(support), has6(support)]);
      const name = `d-${support}-${n}`;
      sites.push(await lab.addDevice(name, { interfaces: { eth0: { gateway: router } } }));
    }
    const [{ ip, ip6 }] = sites;
    assertEquals([!!ip, !!ip6], [has4(support), has6(support)]);
    devices.set(support, sites as [Device, Device]);
  }
  const cases: [Node, string, boolean][] = [];
  for (const from of SUPPORTS) {
    for (const to of SUPPORTS) {
      const source = devices.get(from)![0];
      const target = devices.get(to)![1];
      if (target.ip) cases.push([source, target.ip, has4(from)]);
      if (target.ip6) cases.push([source, target.ip6, has6(from)]);
    }
  }
  await expectPings(cases);
});

// ix -- upper(a) -- lower(b), for each pair of ipSupport;  ix -- far(c), dual-stack
Deno.test("behind another router, a site keeps the families that both have", async () => {
  await using lab = await Lab.create();
  const far = await lab.addRouter("far");
  const c = await lab.addDevice("c", { interfaces: { eth0: { gateway: far } } });
  const cases: [Node, string, boolean][] = [];
  for (const above of SUPPORTS) {
    const upper = await lab.addRouter(`upper-${above}`, { ipSupport: above });
    for (const below of SUPPORTS) {
      const name = `${above}--${below}`;
      const adding = lab.addRouter(name, { ipSupport: below, upstream: upper });
      const [v4, v6] = [has4, has6].map((has) => has(above) && has(below));
      if (!v4 && !v6) {
        await assertRejects(
          () => adding,
          TopologyError,
          `it is ${below}, but its upstream "upper-${above}" is ${above}`,
        );
        continue;
      }
      const lower = await adding;
      assertEquals([!!lower.uplinkIp, !!lower.uplinkIp6], [v4, v6]);
      const b = await lab.addDevice(`d-${name}`, { interfaces: { eth0: { gateway: lower } } });
      if (b.ip) cases.push([b, c.ip!, v4], [c, b.ip, v4]);
      if (b.ip6) cases.push([b, c.ip6!, v6], [c, b.ip6, v6]);
    }
  }
  await expectPings(cases);
});

Deno.test("without a family, a device has no address of it, not even a link-local address", async () => {
  await using lab = await Lab.create();
  const v4 = await lab.addRouter("v4", { ipSupport: "v4-only" });
  const v6 = await lab.addRouter("v6", { ipSupport: "v6-only" });
  const four = await lab.addDevice("four", { interfaces: { eth0: { gateway: v4 } } });
  const six = await lab.addDevice("six", { interfaces: { eth0: { gateway: v6 } } });
  const families = (node: Node) =>
    ip(node, "addr show eth0")[0].addr_info.map(
      (address: { family: string }) => address.family,
    );
  assertEquals(families(four), ["inet"]);
  assertEquals(families(six), ["inet6", "inet6"]);
  assertEquals([four.ip6, four.interface("eth0").linkLocal6, six.ip], [
    undefined,
    undefined,
    undefined,
  ]);
});
