import { assertEquals } from "@std/assert";
import type { IpSupport, Nat } from "@netyard/netyard";
import { announcements } from "../../lib/lab/routing.ts";

const text = (cidr: string) => ({ cidr: { toString: () => cidr } });

/** What a router with these networks makes known, with a few networks behind it. */
function announced(nat: Nat, ipSupport: IpSupport, behind: string[] = []): string[] {
  const lan = { v4: text("10.0.1.0/24"), v6: text("fd10:0:1::/64") };
  return announcements({ nat, ipSupport, lan }, behind);
}

Deno.test("a router makes its networks known in the families that it has", () => {
  assertEquals(announced("none", "dual-stack"), ["10.0.1.0/24", "fd10:0:1::/64"]);
  assertEquals(announced("none", "v4-only"), ["10.0.1.0/24"]);
  assertEquals(announced("none", "v6-only"), ["fd10:0:1::/64"]);
});

Deno.test("a NAT keeps every IPv4 network behind it to itself", () => {
  const nats: Nat[] = ["home", "corporate", "cgnat", "cloud-nat", "full-cone", { hairpin: true }];
  for (const nat of nats) {
    assertEquals(announced(nat, "dual-stack"), ["fd10:0:1::/64"]);
    assertEquals(announced(nat, "v4-only"), []);
  }
});

Deno.test("a router passes on what is behind it, unless its NAT hides it", () => {
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

Deno.test("a router without networks makes none known", () => {
  assertEquals(announcements({ nat: "none", ipSupport: "dual-stack", lan: {} }, []), []);
});
