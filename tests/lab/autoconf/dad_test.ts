import { assert, assertEquals, assertRejects } from "@std/assert";
import { DuplicateAddressError, type Ipv6Provisioning, Lab } from "@netyard/netyard";
import { ipBytes } from "../../../lib/address/mod.ts";
import { expectPings, ip, sh } from "../kit.ts";
import { isIn } from "./ra_kit.ts";

/** RetransTimer of RFC 4861, section 10: for so long, the kernel waits for who objects. */
const LOOK_MS = 1000;

const dadLab = (provisioning: Ipv6Provisioning = "static") =>
  Lab.create({ seed: 7, ipv6: { dad: "enabled", provisioning } });

// ix -- dc(server);  ix -- home(a, b)
Deno.test("with duplicate address detection, nodes are ready when their addresses are", async () => {
  await using lab = await dadLab();
  const [dc, home] = await Promise.all([lab.addRouter("dc"), lab.addRouter("home")]);
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  await using capture = await home.capture("any", { filter: "icmp6" });
  const start = performance.now();
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: home } } });
  const tookMs = performance.now() - start;
  assert(tookMs > 0.8 * LOOK_MS && tookMs < 4 * LOOK_MS, `${tookMs} ms`);
  for (const node of [a, b, server, home]) {
    assertEquals(ip(node, "-6 addr show tentative").flatMap(({ addr_info = [] }) => addr_info), []);
  }
  assertEquals(b.ip6, "2001:db8:1:2::3");
  // RFC 4862, section 5.4.2: it asks without an address of its own.
  await capture.expect(
    ({ sourceIp, payload }) => sourceIp === "::" && payload?.[0] === 135,
    { what: "a solicitation of a neighbour who should not be there" },
  );
  await expectPings([[a, server.ip6!, true], [b, a.ip6!, true], [server, b.ip6!, true]]);

  await b.interface("eth0").addIp("2001:db8:1:2::99", 64);
  await b.interface("eth0").linkDown();
  await b.interface("eth0").linkUp();
  await expectPings([[a, "2001:db8:1:2::99", true], [b, server.ip6!, true]]);
});

// ix -- home(squatter, late)
Deno.test("an address that another node has is reported as a duplicate, and not used", async () => {
  await using lab = await dadLab();
  const home = await lab.addRouter("home");
  const squatter = await lab.addDevice("squatter", { interfaces: { eth0: { gateway: home } } });
  sh(squatter, "for n in 3 77; do ip addr add 2001:db8:1:1::$n/64 dev eth0 nodad; done");
  const eth0 = { interfaces: { eth0: { gateway: home } } };
  await assertRejects(
    () => lab.addDevice("late", eth0),
    DuplicateAddressError,
    'late: interface "eth0": 2001:db8:1:1::3 is in use on its link already',
  );
  assertEquals(lab.devices, [squatter]);
  const late = await lab.addDevice("late", {
    interfaces: { eth0: { gateway: home, ip6: "2001:db8:1:1::4" } },
  });
  assertEquals(late.ip6, "2001:db8:1:1::4");
  await assertRejects(
    () => late.interface("eth0").addIp("2001:db8:1:1::77", 64),
    DuplicateAddressError,
    "2001:db8:1:1::77 is in use",
  );
  assertEquals(sh(late, "ip -6 -o addr show to 2001:db8:1:1::77"), "");
  await expectPings([[late, "2001:db8:1:1::77", true], [squatter, late.ip6!, true]]);
  // Once who had it is gone, it is free.
  await lab.remove(squatter);
  await late.interface("eth0").addIp("2001:db8:1:1::77", 64);
  assert(sh(late, "ip -6 -o addr show to 2001:db8:1:1::77").includes("::77/64"));
});

// ix -- home(a, b)
Deno.test("advertised addresses are checked for duplicates too", async () => {
  await using lab = await dadLab("ra");
  const home = await lab.addRouter("home");
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  await using capture = await a.capture("eth0", { filter: "icmp6" });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: home } } });
  assert(isIn(b.ip6, home.downstreamCidr6), b.ip6);
  assertEquals(ip(b, "-6 addr show tentative").flatMap(({ addr_info = [] }) => addr_info), []);
  const looksFor = async (target: string) => {
    await capture.expect(
      ({ sourceIp, payload }) =>
        sourceIp === "::" && payload?.[0] === 135 &&
        payload.subarray(8, 24).toHex() === ipBytes(target).toHex(),
      { what: `a look for ${target}` },
    );
  };
  await looksFor(b.interface("eth0").linkLocal6!);
  await looksFor(b.ip6!);
  await expectPings([[a, b.ip6!, true], [b, home.uplinkIp6!, true]]);
});
