import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  AutoconfigurationError,
  InvalidOptionError,
  Ipv6Error,
  Lab,
  type LabConfig,
  TopologyError,
} from "@netyard/netyard";
import { TomlDocument } from "../../../lib/toml/document.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { topologyFrom } from "../../../lib/lab/config/toml.ts";
import { eventsOf, sh } from "../kit.ts";
import { isIn, listeningLab } from "./ra_kit.ts";

Deno.test("invalid advertisement settings are refused, and nothing is built", async () => {
  await using lab = await Lab.create();
  const four = await lab.addRouter("four", { ipSupport: "v4-only" });
  const six = await lab.addRouter("six");
  const before = (await eventsOf(lab)).length;
  await assertRejects(
    () => lab.addRouter("x", { preset: "public-v4", routerAdvertisement: { enabled: true } }),
    Ipv6Error,
    'addRouter("x"): routerAdvertisement needs IPv6, but the router is v4-only',
  );
  await assertRejects(
    () => four.setRouterAdvertisement({ lifetimeSecs: 0 }),
    Ipv6Error,
    "four: setRouterAdvertisement(): routerAdvertisement needs IPv6",
  );
  assertEquals(four.routerAdvertisement, undefined);
  const ra = { provisioning: "ra" } as const;
  const error = await assertRejects(
    () => lab.addDevice("x", { interfaces: { eth0: { gateway: four } }, ipv6: ra }),
    Ipv6Error,
    'addDevice("x"): ipv6.provisioning is "ra", but "four" has no IPv6 to advertise',
  );
  assertEquals(error instanceof TopologyError, true);
  await assertRejects(
    () => {
      const interfaces = { eth0: { gateway: six, ip6: "2001:db8:1:1::9" } };
      return lab.addDevice("x", { interfaces, ipv6: ra });
    },
    Ipv6Error,
    'ip6 2001:db8:1:1::9 is requested, but the device makes its address from the advertisements of router "six"',
  );
  const wrong: [object, string][] = [
    [{ intervalSecs: 0 }, "intervalSecs"],
    [{ intervalSecs: 1801 }, "intervalSecs"],
    [{ intervalSecs: 1.5 }, "intervalSecs"],
    [{ lifetimeSecs: -1 }, "lifetimeSecs"],
    [{ lifetimeSecs: 9001 }, "lifetimeSecs"],
    [{ enabled: "yes" }, "enabled"],
    [{ lifetime: 3 }, "lifetime"],
  ];
  for (const [options, key] of wrong) {
    const { message } = await assertRejects(
      () => six.setRouterAdvertisement(options),
      InvalidOptionError,
    );
    assertMatch(message, new RegExp(`^six: setRouterAdvertisement\\(\\).*${key}`));
  }
  assertEquals(six.routerAdvertisement, { enabled: true, intervalSecs: 600, lifetimeSecs: 1800 });
  await assertRejects(
    () => Lab.create({ ipv6: { provisioning: "dhcp" } as never }),
    InvalidOptionError,
    "ipv6.provisioning",
  );
  assertEquals([lab.devices, lab.routers], [[], [four, six]]);
  assertEquals((await eventsOf(lab)).slice(before + 1), []);
  // What was refused took no addresses: the first are there still.
  const first = await lab.addDevice("x", { interfaces: { eth0: { gateway: six } } });
  assertEquals([first.ip, first.ip6], ["198.19.2.2", "2001:db8:1:1::2"]);
});

// ix -- home(a);  ix -- four(b), v4-only
Deno.test("in a lab with advertisements, a device without IPv6 works as usual", async () => {
  await using lab = await listeningLab();
  const four = await lab.addRouter("four", { ipSupport: "v4-only" });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: four } } });
  assertEquals([b.ip6, b.interface("eth0").linkLocal6], [undefined, undefined]);
  assertEquals(sh(b, "ip -6 -o addr show dev eth0"), "");
});

// ix -- home(near, far)
Deno.test("a device that hears no router is removed again, and the error says why", async () => {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home");
  await lab.addDevice("near", { interfaces: { eth0: { gateway: home } } });
  sh(
    home,
    "nft 'add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; " +
      "add rule inet deaf in icmpv6 type nd-router-solicit drop'",
  );
  await assertRejects(
    () => lab.addDevice("far", { interfaces: { eth0: { gateway: home } } }),
    AutoconfigurationError,
    'far: interface "eth0" has no IPv6 address and default route from router "home" within 15 s',
  );
  assertEquals(lab.devices.map(({ name }) => name), ["near"]);
  sh(home, "nft delete table inet deaf");
  const far = await lab.addDevice("far", { interfaces: { eth0: { gateway: home } } });
  assertEquals(isIn(far.ip6, home.downstreamCidr6), true);
});

Deno.test("a configuration sets the provisioning, and options override it", async () => {
  const config: LabConfig = {
    ipv6: { provisioning: "ra" },
    routers: [{ name: "home", routerAdvertisement: { lifetimeSecs: 77 } }],
    devices: {
      a: { interfaces: { eth0: { gateway: "home" } }, ipv6: { privacy: true } },
      b: { interfaces: { eth0: { gateway: "home" } }, ipv6: { provisioning: "static" } },
    },
  };
  {
    await using lab = await Lab.fromConfig(config);
    assertEquals(lab.router("home").routerAdvertisement?.lifetimeSecs, 77);
    assertEquals(lab.device("b").ip6, "2001:db8:1:1::2");
    const [a] = lab.device("a").interfaces;
    assertEquals(isIn(a.temporaryIp6, lab.router("home").downstreamCidr6), true);
  }
  await using lab = await Lab.fromConfig(config, { ipv6: { provisioning: "static" } });
  assertEquals(lab.device("a").ip6, "2001:db8:1:1::2");
  const bad: LabConfig = {
    ipv6: { provisioning: "ra" },
    routers: [
      { name: "four", ipSupport: "v4-only", routerAdvertisement: {} },
      { name: "six" },
    ],
    devices: {
      a: { interfaces: { eth0: { gateway: "four" } }, ipv6: { provisioning: "ra" } },
      b: { interfaces: { eth0: { gateway: "six", ip6: "2001:db8:1:1::7" } } },
    },
  };
  const { message } = await assertRejects(() => Lab.fromConfig(bad), TopologyError);
  assertEquals(message.split("\n").map((line) => line.split(", but")[0]), [
    'Lab.fromConfig(): "routers[0]": routerAdvertisement needs IPv6',
    'Lab.fromConfig(): "devices.a": ipv6.provisioning is "ra"',
    'Lab.fromConfig(): "devices.b.interfaces.eth0": ip6 2001:db8:1:1::7 is requested',
  ]);
});

Deno.test("a topology file sets the provisioning under its own keys", () => {
  const from = (text: string) => topologyFrom(TomlDocument.parse("lab.toml", text));
  const text = `
[ipv6]
provisioning = "ra"
dad = "enabled"
advertiser = "builtin"

[[router]]
name = "home"
ra_enabled = true
ra_interval_secs = "30"
ra_lifetime_secs = 0

[[router]]
name = "plain"

[device.a]
ipv6 = { provisioning = "static", privacy = "true" }

[device.a.eth0]
gateway = "home"
`;
  assertEquals(from(text), {
    ipv6: { provisioning: "ra", dad: "enabled", advertiser: "builtin" },
    routers: [
      {
        name: "home",
        routerAdvertisement: { enabled: true, intervalSecs: 30, lifetimeSecs: 0 },
      },
      { name: "plain" },
    ],
    devices: {
      a: {
        ipv6: { provisioning: "static", privacy: true },
        interfaces: { eth0: { gateway: "home" } },
      },
    },
  });
  const refused = (text: string) => assertThrows(() => from(text), TomlError).message;
  assertMatch(refused(text.replace('"30"', "0")), /^lab\.toml:10: .*ra_interval_secs/);
  assertMatch(refused(text.replace('"ra"', '"slaac"')), /^lab\.toml:3: .*provisioning/);
  assertMatch(refused(text.replace("privacy =", "private =")), /^lab\.toml:17: .*private/);
  const four = text.replace('name = "home"', 'name = "home"\nip_support = "v4-only"');
  assertMatch(refused(four), /^lab\.toml:7: .*routerAdvertisement needs IPv6/);
});
