import { assertEquals } from "@std/assert";
import {
  type BrokenFamilies,
  brokenForwarding,
  brokenHost,
  brokenPorts,
} from "../../lib/firewall/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { nft } from "../../native/nftables.ts";

Deno.test("where no family is broken there is no ruleset", () => {
  assertEquals(brokenForwarding({}), undefined);
  assertEquals(brokenHost([{ name: "eth0", broken: {} }]), undefined);
  assertEquals(brokenPorts([{ name: "pc", broken: { ipv4: "reject" } }]), undefined);
});

Deno.test("a router that does not forward a family: the exact text", () => {
  assertEquals(
    brokenForwarding({ ipv6: "drop", ipv4: "reject" }),
    `table inet netyard_broken {
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    meta nfproto ipv6 drop
    meta nfproto ipv4 reject with icmp type net-unreachable
  }
}
`,
  );
});

Deno.test("an interface with broken families: the exact text, on both ends of the link", () => {
  const broken: BrokenFamilies = { ipv4: "drop", ipv6: "reject" };
  assertEquals(
    brokenHost([{ name: "eth0", broken }]),
    `table inet netyard_broken {
  chain input {
    type filter hook input priority filter - 10; policy accept;
    icmpv6 type { 130-137, 143 } accept
    iifname "eth0" meta nfproto ipv4 drop
    iifname "eth0" meta nfproto ipv6 drop
  }
  chain output {
    type filter hook output priority filter - 10; policy accept;
    icmpv6 type { 130-137, 143 } accept
    oifname "eth0" meta nfproto ipv6 reject with icmpv6 type no-route
  }
}
`,
  );
  assertEquals(
    brokenPorts([{ name: "pc", broken }]),
    `table netdev netyard_broken {
  chain port0 {
    type filter hook ingress device "pc" priority 0; policy accept;
    icmpv6 type { 130-137, 143 } accept
    meta protocol ip drop
  }
}
`,
  );
});

Deno.test("every combination loads", () => {
  const all = [undefined, "drop", "reject"] as const;
  using namespace = Namespace.create();
  namespace.enter(() => {
    for (const ipv4 of all) {
      for (const ipv6 of all) {
        const broken = { ...ipv4 && { ipv4 }, ...ipv6 && { ipv6 } };
        for (
          const [family, text] of [
            ["inet", brokenForwarding(broken)],
            ["inet", brokenHost([{ name: "eth0", broken }, { name: "eth1", broken }])],
            ["netdev", brokenPorts([{ name: "lo", broken }])],
          ]
        ) {
          nft(
            `add table ${family} netyard_broken\ndelete table ${family} netyard_broken\n` +
              (text ?? ""),
          );
        }
      }
    }
  });
});
