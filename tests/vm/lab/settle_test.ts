import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Device, Vm } from "@netyard/netyard";
import { labFixture } from "@netyard/netyard/testing";
import { text } from "./kit.ts";

// phone (device), guest (machine) - isp (IPv6 only) - IX - dc - server
const lab = labFixture({ label: "settle", seed: 1 }, async (lab) => {
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const isp = await lab.addRouter("isp", { ipSupport: "v6-only" });
  const phone = await lab.addDevice("phone", { interfaces: { eth0: { gateway: isp } } });
  const guest = lab.vm("guest", { bridges: [isp] });
  await guest.boot();
  await lab.dnsEntry("web", server.ip!);
  return { isp, phone, guest };
});

/** What programs resolve names with: the name server, and the addresses of `web`. */
const NAMES = "grep ^nameserver /etc/resolv.conf; tr '\\t' ' ' </etc/hosts | grep ' web$'";

async function namesIn(node: Device | Vm): Promise<string> {
  if ("boot" in node) return (await node.run(NAMES)).stdout;
  const output = await node.command("sh", { args: ["-c", NAMES], stderr: "null" }).output();
  return new TextDecoder().decode(output.stdout);
}

lab.test("setNatV6() configures the names of a guest as it does those of a device", async ({ isp, phone, guest }) => {
  for (const mode of ["nat64", "none", "nat64"] as const) {
    await isp.setNatV6(mode);
    const expected = await namesIn(phone);
    const nat64 = /^nameserver \S+\n64:ff9b::\S+ web\n/;
    assert(nat64.test(expected) === (mode === "nat64"), `the device, with ${mode}: ${expected}`);
    assertEquals(await namesIn(guest), expected, mode);
  }
});

lab.test("a guest knows a device by the address that the device makes from advertisements", async ({ isp, guest, lab }) => {
  const tablet = await lab.addDevice("tablet", {
    interfaces: { wlan0: { gateway: isp } },
    ipv6: { provisioning: "ra" },
  });
  assertMatch(tablet.ip6!, /^fd10:|^2001:db8:/);
  assertEquals(await text(guest, "awk '$2 == \"tablet.isp\" { print $1 }' /etc/hosts"), tablet.ip6);
  await lab.remove(tablet);
  assertEquals(await text(guest, "grep tablet /etc/hosts || true"), "");
});
