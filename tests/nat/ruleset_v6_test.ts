import { assertEquals } from "@std/assert";
import {
  closedRuleset,
  formerNatRuleset,
  natRuleset,
  prefixRuleset,
  resolveMasquerade,
  resolveNat,
} from "../../lib/nat/mod.ts";
import { NAT_VARIANTS } from "../../lib/nat/variants.ts";
import { Namespace } from "../../native/namespace.ts";
import { nft } from "../../native/nftables.ts";

const PREFIXES = { uplink: "ix", internal: "fd10:0:1::/64", external: "2001:db8:2:1::/64" };

Deno.test("NPTv6: the exact text", () => {
  assertEquals(
    prefixRuleset(PREFIXES),
    `table ip6 netyard_nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip6 daddr 2001:db8:2:1::/64 dnat ip6 prefix to fd10:0:1::/64
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "ix" ip6 saddr fd10:0:1::/64 snat ip6 prefix to 2001:db8:2:1::/64
    ct status dnat ip6 saddr fd10:0:1::/64 snat ip6 prefix to 2001:db8:2:1::/64
  }
  counter untranslated { }
  chain untranslated {
    type filter hook postrouting priority srcnat + 20; policy accept;
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } accept
    ct state invalid,untracked,new oifname "ix" ip6 saddr fd10:0:1::/64 ip6 saddr != :: counter name untranslated drop
  }
}
`,
  );
});

Deno.test("a router that reboots still finds neighbours: the exact text", () => {
  assertEquals(
    closedRuleset("ip6"),
    `table ip6 netyard_closed {
  chain closed {
    type filter hook prerouting priority raw; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}
`,
  );
});

Deno.test("a masquerade is a home router's NAT, with the timeouts of the IPv4 NAT", () => {
  assertEquals(resolveMasquerade("none"), resolveNat("home")!);
  const { timeouts, ...rest } = resolveMasquerade("cloud-nat");
  assertEquals(timeouts, resolveNat("cloud-nat")!.timeouts);
  assertEquals(rest.mapping, "endpoint-independent");
  assertEquals(rest.filtering, "address-and-port-dependent");
  assertEquals(rest.hairpin, false);
});

Deno.test("all of IPv6 loads, in place of one another", () => {
  const masquerades = (["none", "corporate", "cloud-nat", { timeouts: { udpSecs: 300 } }] as const)
    .flatMap((nat) =>
      NAT_VARIANTS.map((variant) =>
        natRuleset(resolveMasquerade(nat), {
          uplink: "ix",
          ip: "2001:db8::2",
          seed: 7,
          ...variant,
        })
      )
    );
  using namespace = Namespace.create();
  namespace.enter(() => {
    for (const text of [...masquerades, prefixRuleset(PREFIXES), formerNatRuleset("ip6")]) {
      nft(`add table ip6 netyard_nat\ndelete table ip6 netyard_nat\n${text}`);
    }
    nft(closedRuleset("ip6"));
  });
});
