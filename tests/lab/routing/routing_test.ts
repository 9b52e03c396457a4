import { assertEquals } from "@std/assert";
import type { IpSupport, Nat, NatV6 } from "@netyard/netyard";
import { announcements } from "../../../lib/lab/routing/announce.ts";

const text = (cidr: string) => ({ cidr: { toString: () => cidr } });

/** What a router with these networks makes known, with a few networks behind it. */
function announced(
  nat: Nat,
  ipSupport: IpSupport,
  behind: string[] = [],
  natV6: NatV6 = "none",
): string[] {
  const lan = { v4: text("10.0.1.0/24"), v6: text("fd10:0:1::/64") };
  return announcements({ nat, natV6, external6: "2001:db8:2:1::/64", ipSupport, lan }, behind);
}

Deno.test("a router announces its networks in its families", () => {
  assertEquals(announced("none", "dual-stack"), ["10.0.1.0/24", "fd10:0:1::/64"]);
  assertEquals(announced("none", "v4-only"), ["10.0.1.0/24"]);
  assertEquals(announced("none", "v6-only"), ["fd10:0:1::/64"]);
});

Deno.test("a NAT announces no downstream IPv4 network", () => {
  const nats: Nat[] = ["home", "corporate", "cgnat", "cloud-nat", "full-cone", { hairpin: true }];
  for (const nat of nats) {
    assertEquals(announced(nat, "dual-stack"), ["fd10:0:1::/64"]);
    assertEquals(announced(nat, "v4-only"), []);
  }
});

Deno.test("a router announces downstream networks, unless its NAT hides them", () => {
  const behind = ["10.0.2.0/24", "fd10:0:2::/64", "198.19.1.0/24", "2001:db8:1:1::/64"];
  assertEquals(announced("none", "dual-stack", behind), [
    "10.0.1.0/24",
    "fd10:0:1::/64",
    "10.0.2.0/24",
    "fd10:0:2::/64",
    "198.19.1.0/24",
    "2001:db8:1:1::/64",
  ]);
  assertEquals(announced("home", "dual-stack", behind), [
    "fd10:0:1::/64",
    "fd10:0:2::/64",
    "2001:db8:1:1::/64",
  ]);
  assertEquals(announced("home", "v4-only", behind), ["fd10:0:2::/64", "2001:db8:1:1::/64"]);
});

Deno.test("a masquerade announces no IPv6 network, NPTv6 announces its external prefix", () => {
  const behind = ["10.0.2.0/24", "fd10:0:2::/64", "2001:db8:1:1::/64"];
  assertEquals(announced("none", "dual-stack", behind, "masquerade"), [
    "10.0.1.0/24",
    "10.0.2.0/24",
  ]);
  assertEquals(announced("home", "dual-stack", behind, "masquerade"), []);
  assertEquals(announced("home", "dual-stack", behind, "nptv6"), [
    "2001:db8:2:1::/64",
    "fd10:0:2::/64",
    "2001:db8:1:1::/64",
  ]);
  assertEquals(announced("home", "v4-only", behind, "nptv6"), behind.slice(1));
  assertEquals(
    announced("none", "dual-stack", behind, "nat64"),
    announced("none", "dual-stack", behind),
  );
});

Deno.test("a router without networks announces none", () => {
  assertEquals(announcements({ nat: "none", ipSupport: "dual-stack", lan: {} }, []), []);
});
