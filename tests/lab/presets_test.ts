import { assertEquals } from "@std/assert";
import {
  type Firewall,
  type IpSupport,
  Lab,
  type Nat,
  type Pool,
  type RouterOptions,
  type RouterPreset,
} from "@netyard/netyard";
import { connects, greet, udp } from "./kit.ts";

interface Behaviour {
  nat: Nat;
  firewall: Firewall;
  ipSupport: IpSupport;
  pool: Pool;
  /** What a device inside reaches outside: TCP 443, TCP 8080, UDP 7000. */
  out: [https: boolean, other: boolean, udp: boolean];
  /** Whether a host outside reaches a device inside, by its own address. */
  in4: boolean;
  in6: boolean;
}

const PRESETS: Record<RouterPreset, Behaviour> = {
  home: {
    nat: "home",
    firewall: "block-inbound",
    ipSupport: "dual-stack",
    pool: "private",
    out: [true, true, true],
    in4: false,
    in6: false,
  },
  public: {
    nat: "none",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "public",
    out: [true, true, true],
    in4: true,
    in6: true,
  },
  "public-v4": {
    nat: "none",
    firewall: "none",
    ipSupport: "v4-only",
    pool: "public",
    out: [true, true, true],
    in4: true,
    in6: false,
  },
  "isp-cgnat": {
    nat: "cgnat",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "private",
    out: [true, true, true],
    in4: false,
    in6: true,
  },
  "isp-v6": {
    nat: "none",
    firewall: "block-inbound",
    ipSupport: "v6-only",
    pool: "public",
    out: [true, true, true],
    in4: false,
    in6: false,
  },
  corporate: {
    nat: "corporate",
    firewall: "corporate",
    ipSupport: "dual-stack",
    pool: "private",
    out: [true, false, false],
    in4: false,
    in6: false,
  },
  hotel: {
    nat: "corporate",
    firewall: "captive-portal",
    ipSupport: "v4-only",
    pool: "private",
    out: [true, true, false],
    in4: false,
    in6: false,
  },
  cloud: {
    nat: "cloud-nat",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "private",
    out: [true, true, true],
    in4: false,
    in6: true,
  },
};

async function behaviour(options: RouterOptions): Promise<Behaviour> {
  await using lab = await Lab.create();
  const router = await lab.addRouter("site", options);
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const host = await lab.addDevice("host", { interfaces: { eth0: { gateway: router } } });
  const { nat, firewall, ipSupport, downstreamCidr, downstreamCidr6 } = router;
  const isPrivate = /^(10\.|fd)/.test(downstreamCidr ?? downstreamCidr6 ?? "");

  const to = (host.ip ? server.ip : server.ip6)!;
  await using _https = greet(server, to, 443);
  await using _other = greet(server, to, 8080);
  await using inside4 = host.ip ? greet(host, host.ip) : undefined;
  await using inside6 = host.ip6 ? greet(host, host.ip6) : undefined;
  await using listening = udp(server, to, 7000);
  await using sending = udp(host, (host.ip ?? host.ip6)!);
  await sending.send(to, 7000);
  const [https, other, in4, in6, datagrams] = await Promise.all([
    connects(host, to, 443),
    connects(host, to, 8080),
    host.ip && inside4 ? connects(server, host.ip, inside4.port) : false,
    host.ip6 && inside6 ? connects(server, host.ip6, inside6.port) : false,
    listening.received(1, 1000),
  ]);
  return {
    nat,
    firewall,
    ipSupport,
    pool: isPrivate ? "private" : "public",
    out: [https, other, datagrams > 0],
    in4,
    in6,
  };
}

for (const [preset, expected] of Object.entries(PRESETS) as [RouterPreset, Behaviour][]) {
  // ix -- site(host);  ix -- dc(server)
  Deno.test(`a router with the preset ${preset} is what the preset says`, async () => {
    assertEquals(await behaviour({ preset }), expected);
  });
}

// ix -- site(host);  ix -- dc(server)
Deno.test("an option beside a preset overrides it", async () => {
  assertEquals(
    await behaviour({ preset: "home", firewall: "none" }),
    { ...PRESETS.home, firewall: "none", in6: true },
  );
  assertEquals(
    await behaviour({ preset: "home", nat: "none", firewall: "none", pool: "public" }),
    PRESETS.public,
  );
  assertEquals(
    await behaviour({ preset: "corporate", ipSupport: "v6-only" }),
    { ...PRESETS.corporate, ipSupport: "v6-only" },
  );
});

// ix -- site(host);  ix -- dc(server)
Deno.test("without a preset, a router hides what is behind it only if it is asked to", async () => {
  assertEquals(await behaviour({}), PRESETS.public);
  assertEquals(await behaviour({ nat: "cgnat" }), PRESETS["isp-cgnat"]);
});
