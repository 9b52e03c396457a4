import { assertEquals } from "@std/assert";
import {
  type Device,
  type Firewall,
  type IpSupport,
  Lab,
  type Nat,
  type Pool,
  type Router,
  type RouterOptions,
  type RouterPreset,
} from "@netyard/netyard";
import { connects, greet, udp } from "../kit.ts";

interface Behaviour {
  nat: Nat;
  firewall: Firewall;
  ipSupport: IpSupport;
  pool: Pool;
  /** What a device inside reaches outside: TCP 443, TCP 8080, any UDP. */
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

/** Builds a site for each of the options, all in one lab, and finds out what each lets through. */
async function behaviours(
  sites: Record<string, RouterOptions>,
): Promise<Record<string, Behaviour>> {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  await using servers = new AsyncDisposableStack();
  for (const ip of [server.ip!, server.ip6!]) {
    for (const port of [443, 8080]) servers.use(greet(server, ip, port));
  }
  const found = await Promise.all(
    Object.entries(sites).map(async ([name, options]) => {
      const router = await lab.addRouter(name, options);
      const interfaces = { eth0: { gateway: router } };
      const host = await lab.addDevice(`${name}-host`, { interfaces });
      return [name, await behaviour(router, host, server)];
    }),
  );
  return Object.fromEntries(found);
}

async function behaviour(router: Router, host: Device, server: Device): Promise<Behaviour> {
  const { nat, firewall, ipSupport, downstreamCidr, downstreamCidr6 } = router;
  const isPrivate = /^(10\.|fd)/.test(downstreamCidr ?? downstreamCidr6 ?? "");
  const to = (host.ip ? server.ip : server.ip6)!;
  await using inside4 = host.ip ? greet(host, host.ip) : undefined;
  await using inside6 = host.ip6 ? greet(host, host.ip6) : undefined;
  await using listening = udp(server, to);
  await using sending = udp(host, (host.ip ?? host.ip6)!);
  await sending.send(to, listening.port);
  const [https, other, in4, in6, datagrams] = await Promise.all([
    connects(host, to, 443),
    connects(host, to, 8080),
    host.ip && inside4 ? connects(server, host.ip, inside4.port) : false,
    host.ip6 && inside6 ? connects(server, host.ip6, inside6.port) : false,
    listening.received(1),
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

// ix -- each of the sites(its host);  ix -- dc(server)
Deno.test("a router with a preset has the options of the preset", async () => {
  const presets = Object.keys(PRESETS) as RouterPreset[];
  const sites = Object.fromEntries(presets.map((preset) => [preset, { preset }]));
  assertEquals(await behaviours(sites), PRESETS);
});

// ix -- each of the sites(its host);  ix -- dc(server)
Deno.test("an option beside a preset overrides it", async () => {
  assertEquals(
    await behaviours({
      open: { preset: "home", firewall: "none" },
      plain: { preset: "home", nat: "none", firewall: "none", pool: "public" },
      six: { preset: "corporate", ipSupport: "v6-only" },
      unset: {},
      hiding: { nat: "cgnat" },
    }),
    {
      open: { ...PRESETS.home, firewall: "none", in6: true },
      plain: PRESETS.public,
      six: { ...PRESETS.corporate, ipSupport: "v6-only" },
      unset: PRESETS.public,
      hiding: PRESETS["isp-cgnat"],
    },
  );
});
