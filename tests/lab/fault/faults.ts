/** What can fail half-way: cases for `faults_test.ts` and `descriptors_main.ts`. */
import { type Device, Lab, RegionLink } from "@netyard/netyard";
import { observeSteps } from "../../../lib/lab/model/steps.ts";

/**
 * ix -- empty;  ix -- one(tv);  ix -- two(phone.wlan0, pc);  phone.eth0 at two;
 * north(dc) -- south;  north -x- west(far)
 */
export class Site implements AsyncDisposable {
  private constructor(readonly lab: Lab, readonly phone: Device) {}

  static async create(): Promise<Site> {
    const lab = await Lab.create({ seed: 1 });
    await lab.addRouter("empty");
    await lab.addRouter("one", { preset: "home" });
    await lab.addRouter("two");
    // With a condition, the lab has its link engine from here on.
    const eth0 = { gateway: "one", condition: { latencyMs: 0.1 } };
    await lab.addDevice("tv", { interfaces: { eth0 } });
    const phone = await lab.addDevice("phone", {
      interfaces: { wlan0: { gateway: "two" }, eth0: { gateway: "two" } },
    });
    await lab.addDevice("pc", { interfaces: { eth0: { gateway: "two" } } });
    await phone.interface("wlan0").addIp("10.5.5.5", 24);
    for (const name of ["north", "south", "west"]) await lab.addRegion(name);
    await lab.addRouter("dc", { region: "north" });
    await lab.addRouter("far", { region: "west", preset: "home" });
    await lab.linkRegions("north", "south", RegionLink.good(0));
    await lab.linkRegions("north", "west", RegionLink.good(0));
    await lab.breakRegionLink("north", "west");
    return new Site(lab, phone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** Each of these is to happen as a whole, or not at all. */
export const OPERATIONS: Record<string, (site: Site) => Promise<unknown>> = {
  "a router on the IX": ({ lab }) => lab.addRouter("new", { preset: "corporate" }),
  "a black hole behind a router": ({ lab }) =>
    lab.addRouter("new", { upstream: "two", mtu: 1400, blockIcmpFragNeeded: true }),
  "a router behind one without members": ({ lab }) => lab.addRouter("new", { upstream: "empty" }),
  "a router behind one with a member": ({ lab }) =>
    lab.addRouter("new", { upstream: "one", mtu: 1400, downstreamCidr: "10.9.0.0/16" }),
  "a router behind one with a bridge": ({ lab }) =>
    lab.addRouter("new", { upstream: "two", preset: "home" }),
  "the first device of a router": ({ lab }) =>
    lab.addDevice("new", { interfaces: { eth0: { gateway: "empty" } } }),
  "the second device of a router": ({ lab }) =>
    lab.addDevice("new", { interfaces: { eth0: { gateway: "one", ip: "10.0.1.99" } } }),
  "a device on three routers": ({ lab }) =>
    lab.addDevice("new", {
      interfaces: { a: { gateway: "two" }, b: { gateway: "one" }, c: { gateway: "empty" } },
      defaultVia: "b",
    }),
  "a device with three interfaces on one router": ({ lab }) =>
    lab.addDevice("new", {
      interfaces: { a: { gateway: "empty" }, b: { gateway: "empty" }, c: { gateway: "empty" } },
    }),
  "a device with a condition": ({ lab }) =>
    lab.addDevice("new", { interfaces: { eth0: { gateway: "two", condition: "wifi" } } }),
  "a router with a condition of its downlink": ({ lab }) =>
    lab.addRouter("new", { upstream: "one", downlinkCondition: "wifi" }),
  "an interface more": ({ phone }) => phone.addInterface("new", { gateway: "one" }),
  "the default interface replugged to a router without members": ({ phone }) =>
    phone.interface("wlan0").replug("empty"),
  "the default interface replugged to a router with a member": ({ phone }) =>
    phone.interface("wlan0").replug("one"),
  "another interface replugged": ({ phone }) => phone.interface("eth0").replug("one"),
  "an only member replugged": ({ lab }) => lab.device("tv").interface("eth0").replug("empty"),
  "an address renewed": ({ phone }) => phone.interface("wlan0").renewIp(),
  "a region": ({ lab }) => lab.addRegion("new"),
  "all default regions": ({ lab }) => lab.addDefaultRegions(),
  "a router in a linked region": ({ lab }) => lab.addRouter("new", { region: "north" }),
  "a home router in a region": ({ lab }) =>
    lab.addRouter("new", { region: "south", preset: "home" }),
  "two regions linked": ({ lab }) => lab.linkRegions("south", "west", RegionLink.good(0.1)),
  "another condition between regions": ({ lab }) =>
    lab.linkRegions("south", "north", { rateKbit: 1_000_000 }),
  "the link of two regions broken": ({ lab }) => lab.breakRegionLink("south", "north"),
  "the link of two regions restored": ({ lab }) => lab.restoreRegionLink("west", "north"),
  "the link of two regions removed": ({ lab }) => lab.unlinkRegions("north", "south"),
  "an address added to a router in a region": ({ lab }) =>
    lab.router("dc").interface("ix").addIp("192.0.2.7", 32),
  "a device attached to a bridge": ({ lab }) => lab.router("two").lan.attach("tv"),
  "two devices attached to a LAN without members": ({ lab }) =>
    lab.router("empty").lan.attach(["tv", "phone"]),
  "a device attached where a partition waits for it": async ({ lab }) => {
    const { lan } = lab.router("two");
    await lan.partition("tv", "pc");
    await lan.attach("tv");
  },
  "the way from one member to another impaired": ({ lab }) =>
    lab.router("two").lan.addLatency({ from: "phone", to: "pc", ms: 0.1 }),
  "a bridge impaired": ({ lab }) => lab.router("two").lan.addLatency(0.1),
  "the rate of a LAN with one member": ({ lab }) => lab.router("one").lan.bandwidthLimit(1e9),
  "two LANs routed": ({ lab }) => lab.router("two").lan.route(["one", "empty"]),
  "a router with NPTv6 in a region": ({ lab }) =>
    lab.addRouter("new", { region: "north", natV6: "nptv6" }),
  "a masquerade behind a router": ({ lab }) =>
    lab.addRouter("new", { upstream: "one", natV6: "masquerade" }),
  "NPTv6 of a router in a region": ({ lab }) => lab.router("dc").setNatV6("nptv6"),
  "a masquerade in place of nothing": ({ lab }) => lab.router("two").setNatV6("masquerade"),
  "a family broken at a router": ({ lab }) => lab.router("one").setFamilyBroken("ipv6", true),
  "a family broken on an interface": ({ lab }) =>
    lab.device("tv").interface("eth0").setFamilyBroken("ipv6", true),
  "an interface replugged that has lost a family": async ({ lab }) => {
    const eth0 = lab.device("tv").interface("eth0");
    await eth0.setFamilyBroken("ipv6", true);
    await eth0.replug("empty");
  },
  "an address added": ({ phone }) => phone.interface("wlan0").addIp("198.19.2.77", 24),
};

/** Performs an operation, and returns the names of its steps in order. */
export async function stepsOf(
  operation: (site: Site) => Promise<unknown>,
  site: Site,
): Promise<string[]> {
  const steps: string[] = [];
  using _observing = observeSteps((step) => steps.push(step));
  await operation(site);
  return steps;
}

/** What a step is made to fail with. */
export class Fault extends Error {}

/** Makes the n-th step from now on fail, or it and all that follow. */
export function failAt(n: number, andAfter = false): Disposable {
  let count = 0;
  return observeSteps((step) => {
    const index = count++;
    if (index === n || andAfter && index > n) throw new Fault(`${step} (${index})`);
  });
}
