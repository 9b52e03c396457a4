import { assertEquals, assertThrows } from "@std/assert";
import { InvalidAddressError, InvalidCidrError } from "../../lib/address/mod.ts";
import { embedV4InNat64, extractV4FromNat64, Nat64PrefixError } from "../../lib/siit/mod.ts";

Deno.test("an IPv4 address is embedded in a prefix and extracted again", () => {
  // The examples of RFC 6052, 2.4, for a prefix of length 96.
  const cases: [ip: string, prefix: string, ip6: string][] = [
    ["192.0.2.33", "64:ff9b::/96", "64:ff9b::c000:221"],
    ["192.0.2.33", "2001:db8:122:344::/96", "2001:db8:122:344::c000:221"],
    ["10.0.0.1", "64:ff9b::/96", "64:ff9b::a00:1"], // private, which labs use
    ["255.255.255.255", "64:ff9b:1::/96", "64:ff9b:1::ffff:ffff"],
    ["0.0.0.0", "64:ff9b::/96", "64:ff9b::"],
  ];
  for (const [ip, prefix, ip6] of cases) {
    assertEquals(embedV4InNat64(ip, prefix), ip6);
    assertEquals(extractV4FromNat64(ip6, prefix), ip);
  }
  assertEquals(extractV4FromNat64("64:ff9b::192.0.2.33"), "192.0.2.33");
  assertEquals(extractV4FromNat64("64:ff9b:1::c000:221"), undefined);
  assertEquals(extractV4FromNat64("2001:db8::1"), undefined);
});

Deno.test("an address or a prefix that cannot be used is refused by a typed error", () => {
  assertThrows(
    () => embedV4InNat64("64:ff9b::1"),
    InvalidAddressError,
    "an IPv4 address is required",
  );
  assertThrows(() => embedV4InNat64("10.0.0"), InvalidAddressError, "4 octets");
  assertThrows(
    () => extractV4FromNat64("10.0.0.1"),
    InvalidAddressError,
    "an IPv6 address is required",
  );
  assertThrows(() => embedV4InNat64("10.0.0.1", "64:ff9b::"), InvalidCidrError, "prefix length");
  for (const prefix of ["64:ff9b::/64", "2001:db8::/32", "10.0.0.0/8", "64:ff9b::/97"]) {
    assertThrows(
      () => embedV4InNat64("10.0.0.1", prefix),
      Nat64PrefixError,
      "must be an IPv6 /96",
    );
  }
  const odd = "2001:db8:0:0:ff00::/96";
  assertThrows(() => extractV4FromNat64("::1", odd), Nat64PrefixError, "bits 64 to 71");
});
