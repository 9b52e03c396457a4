import { assertEquals } from "@std/assert";
import { ipBytes, macBytes } from "../../../lib/address/mod.ts";
import {
  type Advertised,
  advertisementOf,
  radvdConfig,
} from "../../../lib/lab/autoconf/advertisement.ts";

const PLAIN: Advertised = {
  settings: { enabled: true, intervalSecs: 600, lifetimeSecs: 1800 },
  cidr: "2001:db8:1:1::/64",
  mac: "02:4e:59:00:00:05",
  mtu: 1500,
  nameserver: undefined,
  withdrawn: [],
};

Deno.test("an advertisement has the LAN's prefix for addresses, and its router for a while", () => {
  assertEquals(advertisementOf(PLAIN), {
    hopLimit: 64,
    managed: false,
    other: false,
    lifetimeSecs: 1800,
    mac: macBytes(PLAIN.mac),
    prefixes: [{
      prefix: ipBytes("2001:db8:1:1::"),
      length: 64,
      onLink: true,
      autonomous: true,
      validSecs: 2_592_000,
      preferredSecs: 604_800,
    }],
  });
  assertEquals(advertisementOf(PLAIN, true).lifetimeSecs, 0);
});

Deno.test("an advertisement has an MTU other than Ethernet's, and an IPv6 name server", () => {
  const { mtu, nameservers } = advertisementOf({
    ...PLAIN,
    mtu: 1400,
    nameserver: "2001:db8::53",
  });
  assertEquals(mtu, 1400);
  assertEquals(nameservers, { addresses: [ipBytes("2001:db8::53")], lifetimeSecs: 1800 });
  assertEquals(advertisementOf({ ...PLAIN, nameserver: "198.18.0.1" }).nameservers, undefined);
});

Deno.test("radvd gets the same content, within its limits", () => {
  assertEquals(
    radvdConfig("lan", {
      ...PLAIN,
      settings: { enabled: true, intervalSecs: 1, lifetimeSecs: 2 },
      mtu: 1400,
      nameserver: "2001:db8::53",
    }),
    `interface lan {
  AdvSendAdvert on;
  MaxRtrAdvInterval 4;
  MinRtrAdvInterval 3;
  AdvDefaultLifetime 4;
  AdvCurHopLimit 64;
  AdvLinkMTU 1400;
  prefix 2001:db8:1:1::/64 {
    AdvOnLink on;
    AdvAutonomous on;
    AdvValidLifetime 2592000;
    AdvPreferredLifetime 604800;
  };
  RDNSS 2001:db8::53 {
    AdvRDNSSLifetime 12;
  };
};
`,
  );
});
