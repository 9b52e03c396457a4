import { assertEquals, assertThrows } from "@std/assert";
import { Lab, type LabConfig, TopologyError } from "@netyard/netyard";
import { checkedPlan } from "../../../lib/lab/config/plan.ts";

//  ix -- dc -- carrier (NAT64) -- phone-0, phone-1 (CLAT), ear (from advertisements)
//    \    \-- fixed
//     eu -- home -- laptop
//              \-- lan -- laptop, nas
const CONFIG: LabConfig = {
  regions: { eu: {} },
  routers: [
    { name: "carrier", ipSupport: "v6-only", natV6: "nat64", upstream: "dc" },
    { name: "dc" },
    { name: "home", preset: "home", region: "eu" },
    { name: "chosen", downstreamCidr: "10.0.1.0/24" },
  ],
  bridges: { lan: { routes: ["home"] } },
  devices: {
    phone: { clat: true, count: 2, interfaces: { eth0: { gateway: "carrier" } } },
    ear: { ipv6: { provisioning: "ra" }, interfaces: { eth0: { gateway: "carrier" } } },
    laptop: { interfaces: { wlan0: { gateway: "home" }, eth0: { gateway: "lan" } } },
    fixed: { interfaces: { eth0: { gateway: "dc", ip: "198.19.1.7" } } },
  },
  vms: { nas: { bridges: ["lan"] } },
};

/** The planned addresses of interfaces: node, interface and address. */
function planned({ addresses }: ReturnType<typeof checkedPlan>): string[] {
  return [...addresses.planned.hosts].map(([key, ip]) => {
    const [, node, iface] = key.split(" ");
    return `${node} ${iface} ${ip}`;
  });
}

Deno.test("a lab has the addresses of its plan", async () => {
  const plan = checkedPlan("plan()", CONFIG, {});
  await using lab = await Lab.fromConfig(CONFIG);
  const built = [
    ...lab.routers.map(({ name, uplinkIp, uplinkIp6 }) => [
      `${name} ${name === "carrier" ? "wan" : "ix"}`,
      uplinkIp,
      uplinkIp6,
    ]),
    ...lab.devices.flatMap((device) => [
      ...device.interfaces.map(({ name, ip, ip6 }) => [
        `${device.name} ${name}`,
        ip,
        device.name === "ear" ? undefined : ip6, // The kernel makes it.
      ]),
      [`${device.name} (CLAT)`, device.clat?.ip6],
    ]),
    ...lab.vms.map(({ ip, ip6 }) => ["nas eth0", ip, ip6]),
  ].flatMap(([place, ...ips]) => ips.flatMap((ip) => ip === undefined ? [] : [`${place} ${ip}`]));
  const nodes = planned(plan).filter((each) => !each.startsWith("region-"));
  assertEquals(nodes.sort(), built.sort());

  const lans = new Map([...lab.routers, ...lab.bridges].map((one) => [one.name, one]));
  for (const [name, { cidr }] of plan.addresses.planned.lans4) {
    const lan = lans.get(name);
    assertEquals(lan && ("downstreamCidr" in lan ? lan.downstreamCidr : lan.cidr), String(cidr));
  }
  // The network that a router requests is not given to one that is built before it.
  assertEquals(lab.router("home").downstreamCidr, "10.0.2.0/24");
});

Deno.test("addresses of NAT64 and CLAT are planned too, so that a device that requests one is refused", () => {
  const plan = checkedPlan("plan()", CONFIG, {});
  assertEquals(planned(plan).filter((each) => /^(carrier|phone-0)/.test(each)), [
    "carrier wan 198.19.1.2",
    "carrier wan 2001:db8:1:1::2",
    "phone-0 eth0 2001:db8:1:2::2",
    "phone-0 (CLAT) 2001:db8:1:2::3",
  ]);
  const fixed = { interfaces: { eth0: { gateway: "dc", ip: "198.19.1.2" } } };
  assertThrows(
    () => checkedPlan("plan()", { ...CONFIG, devices: { fixed } }, {}),
    TopologyError,
    'plan(): "devices.fixed.interfaces.eth0.ip": 198.19.1.2 is the address of "carrier"; take another',
  );
});

Deno.test("options of the lab take precedence over its configuration when addresses are planned", () => {
  const config: LabConfig = {
    routers: [{ name: "dc" }],
    devices: { a: { interfaces: { eth0: { gateway: "dc" } } } },
  };
  const ofDevice = (plan: ReturnType<typeof checkedPlan>) =>
    planned(plan).filter((each) => each.startsWith("a "));
  assertEquals(ofDevice(checkedPlan("plan()", config, {})), [
    "a eth0 198.19.1.2",
    "a eth0 2001:db8:1:1::2",
  ]);
  assertEquals(ofDevice(checkedPlan("plan()", config, {}, { provisioning: "ra" })), [
    "a eth0 198.19.1.2",
  ]);
});
