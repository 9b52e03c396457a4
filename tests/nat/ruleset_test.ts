import { assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import {
  closedRuleset,
  type EndpointDependence,
  formerNatRuleset,
  type Nat,
  type NatConfig,
  type NatPlace,
  natRuleset,
  natSchema,
  type NatTimeouts,
  resolveNat,
} from "../../lib/nat/mod.ts";
import { NAT_VARIANTS } from "../../lib/nat/variants.ts";
import { Namespace } from "../../native/namespace.ts";
import { nft } from "../../native/nftables.ts";
import { pick, seeded } from "../address/random.ts";

const PLACE: NatPlace = { uplink: "ix", ip: "198.18.0.2", seed: 0xffffffff };
const PRESETS = ["home", "corporate", "cgnat", "cloud-nat", "full-cone"] as const;
const DEPENDENCE: EndpointDependence[] = [
  "endpoint-independent",
  "address-dependent",
  "address-and-port-dependent",
];

const text = (nat: Nat, place: NatPlace = PLACE) => natRuleset(resolveNat(nat)!, place);

/** The exact texts; `NETYARD_UPDATE=1` writes them again; read them before you commit them. */
async function assertGolden(name: string, actual: string): Promise<void> {
  const file = new URL(`golden/${name}.nft`, import.meta.url);
  if (Deno.env.get("NETYARD_UPDATE")) await Deno.writeTextFile(file, actual);
  assertEquals(actual, await Deno.readTextFile(file), name);
}

const GOLDEN: Record<string, [Nat, Partial<NatPlace>?]> = {
  "home": ["home"],
  "corporate": ["corporate"],
  "full-cone": ["full-cone"],
  "address-dependent": [{ mapping: "address-dependent", filtering: "address-dependent" }],
  "endpoint-dependent-preserving-hairpin": [{
    mapping: "address-and-port-dependent",
    portPreservation: true,
    hairpin: true,
    timeouts: { udpSecs: 20, udpStreamSecs: 5, tcpEstablishedSecs: 120 },
  }],
  "one-lifetime-no-socket-match": [
    { timeouts: { udpSecs: 60, udpStreamSecs: 60, tcpEstablishedSecs: 121 } },
    { uplink: "wan", socketMatch: false },
  ],
  "masquerade-v6": ["home", { ip: "2001:db8::2" }],
  "address-dependent-no-connection-count": [
    { filtering: "address-dependent", timeouts: { tcpTransitorySecs: 240 } },
    { connectionCount: false },
  ],
};

for (const [name, [nat, place]] of Object.entries(GOLDEN)) {
  Deno.test(`the ruleset is exactly golden/${name}.nft`, async () => {
    await assertGolden(name, text(nat, { ...PLACE, ...place }));
  });
}

Deno.test("presets of equal behaviour have equal rulesets", () => {
  assertEquals(text("cgnat"), text("full-cone"));
  assertEquals(text("home"), text({}));
  // They differ in timeouts alone, which plain conntrack takes from sysctls.
  assertEquals(text("cloud-nat"), text("corporate"));
});

Deno.test("without NAT there is no ruleset, and a removed NAT leaves only rules for existing flows", () => {
  assertEquals(resolveNat("none"), undefined);
  assertEquals(
    formerNatRuleset(),
    `table ip netyard_nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ct state new accept
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
  }
}
`,
  );
});

Deno.test("a router that reboots drops all incoming packets", () => {
  assertEquals(
    closedRuleset(),
    `table ip netyard_closed {
  chain closed {
    type filter hook prerouting priority raw; policy drop;
  }
}
`,
  );
});

Deno.test("the seed chooses the ports that are drawn, and wraps around", () => {
  assertStringIncludes(text("home"), "seed 4294967295 offset 1024");
  assertStringIncludes(text("home"), "seed 0 offset 1024");
});

/** Every combination of what changes the shape of a ruleset. */
function* shapes(): Generator<NatConfig> {
  for (const mapping of DEPENDENCE) {
    for (const filtering of DEPENDENCE) {
      for (const portPreservation of [false, true]) {
        for (const hairpin of [false, true]) {
          yield { mapping, filtering, portPreservation, hairpin };
        }
      }
    }
  }
}

function randomConfig(random: () => number): NatConfig {
  const maybe = <T>(make: () => T) => random() < 0.5 ? make() : undefined;
  const seconds = () => 1 + pick(random, random() < 0.5 ? 130 : 432_000);
  const timeouts = (): NatTimeouts => ({
    udpSecs: maybe(seconds),
    udpStreamSecs: maybe(seconds),
    tcpEstablishedSecs: maybe(seconds),
    tcpTransitorySecs: maybe(seconds),
  });
  return {
    mapping: maybe(() => DEPENDENCE[pick(random, 3)]),
    filtering: maybe(() => DEPENDENCE[pick(random, 3)]),
    portPreservation: maybe(() => random() < 0.5),
    hairpin: maybe(() => random() < 0.5),
    timeouts: maybe(timeouts),
  };
}

// What nft cannot express it refuses, and what has too many registers makes nft 1.0.6 abort.
Deno.test("every preset, shape and random configuration loads, in place of the one before", () => {
  const random = seeded(20_260_101);
  const configs: Nat[] = [
    ...PRESETS,
    ...shapes(),
    ...Array.from({ length: 50 }, () => randomConfig(random)),
  ];
  using namespace = Namespace.create();
  namespace.enter(() => {
    for (const nat of configs) {
      z.parse(natSchema, nat);
      for (const variant of NAT_VARIANTS) {
        const seed = pick(random, 2 ** 32);
        nft(
          "add table ip netyard_nat\ndelete table ip netyard_nat\n" +
            text(nat, { ...PLACE, seed, ...variant }),
        );
      }
    }
    nft(`delete table ip netyard_nat\n${closedRuleset()}${formerNatRuleset()}`);
  });
});
