import { assertEquals, assertThrows } from "@std/assert";
import {
  AddressOutsideError,
  InvalidAddressError,
  ipBytes,
  ipFromBytes,
} from "../../lib/address/mod.ts";
import { Nat64Map, Nat64PrefixError } from "../../lib/siit/mod.ts";
import { pick, seeded } from "../address/random.ts";

const POOL = "10.64.0.0/16";

Deno.test("each host has its own address, and keeps it", () => {
  const map = new Nat64Map(POOL, { reserved: ["10.64.0.1"] });
  const random = seeded(6146);
  const given = new Map<string, number>();
  for (let index = 0; index < 5000; index++) {
    const bytes = ipBytes(`2001:db8::${pick(random, 3000).toString(16)}`);
    const host = ipFromBytes(bytes);
    const v4 = map.v4OfSource(bytes, 0, false);
    assertEquals(given.get(host) ?? v4, v4);
    given.set(host, v4);
    const back = new Uint8Array(16);
    assertEquals([map.v6OfDestination(v4, back, 0), back], [true, bytes]);
  }
  assertEquals(new Set(given.values()).size, given.size);
  assertEquals(map.size, given.size);
  assertEquals(new Map(map.hosts()).size, given.size);
  for (const [host, ip] of map.hosts()) assertEquals(map.v4OfHost(host), ip);
});

Deno.test("a host that sent nothing has no address, and a quoted host gets none", () => {
  const map = new Nat64Map(POOL);
  const host = ipBytes("2001:db8::1");
  assertEquals(map.v4OfSource(host, 0, true), -1);
  assertEquals([map.size, map.v4OfHost("2001:db8::1")], [0, undefined]);
  const out = new Uint8Array(16);
  for (const v4 of [0x0a400001, 0x0a3fffff, 0x0a410000, 0xc6336401]) {
    assertEquals(map.v6OfDestination(v4, out, 0), false);
  }
});

Deno.test("an address in the prefix is not a host, and one outside is not a server", () => {
  const map = new Nat64Map(POOL, { prefix: "2001:db8:64::/96" });
  assertEquals(map.v4OfSource(ipBytes("2001:db8:64::1"), 0, false), -1);
  assertEquals(map.v4OfDestination(ipBytes("64:ff9b::1"), 0), -1);
  assertEquals(map.v4OfDestination(ipBytes("2001:db8:64::c633:6401"), 0), 0xc6336401);
});

Deno.test("an exhausted pool assigns no addresses, and keeps those that it assigned", () => {
  const map = new Nat64Map("10.64.0.0/29", { reserved: ["10.64.0.1"] });
  const given = [1, 2, 3, 4, 5, 6, 1].map((n) =>
    map.v4OfSource(ipBytes(`2001:db8::${n}`), 0, false)
  );
  assertEquals(given, [...[2, 3, 4, 5, 6].map((n) => 0x0a400000 + n), -1, 0x0a400002]);
});

Deno.test("a host that is idle for a long time is removed, and others are not", () => {
  const map = new Nat64Map("10.64.0.0/24");
  const random = seeded(7440);
  const address = (n: number) => ipBytes(`2001:db8::${n.toString(16)}`);
  const busy = new Map<number, number>();
  for (let n = 1; n <= 200; n++) busy.set(n, map.v4OfSource(address(n), 0, false));
  map.now = 7000;
  const kept = [...busy].filter(() => pick(random, 2) > 0);
  const out = new Uint8Array(16);
  // Packets to a host keep it as packets from it do.
  for (const [n, v4] of kept) {
    if (n % 2) map.v4OfSource(address(n), 0, false);
    else map.v6OfDestination(v4, out, 0);
  }
  map.now = 7440;
  assertEquals(map.forget(7440), 200 - kept.length);
  assertEquals(map.size, kept.length);
  const known = new Map(kept);
  for (const [n, v4] of busy) {
    assertEquals(map.v4OfHost(ipFromBytes(address(n))) !== undefined, known.has(n));
    assertEquals(map.v6OfDestination(v4, out, 0), known.has(n));
    if (known.has(n)) assertEquals(map.v4OfSource(address(n), 0, false), v4);
  }
  const fresh = Array.from(
    { length: 254 - kept.length },
    (_, n) => map.v4OfSource(address(1000 + n), 0, false),
  );
  assertEquals(new Set([...fresh, ...known.values()]).size, 254);
  assertEquals(map.v4OfSource(address(5000), 0, false), -1);
});

Deno.test("if the pool is full, a new host gets the address with the longest idle time, after five minutes", () => {
  const map = new Nat64Map("10.64.0.0/30");
  const [a, b, c] = [1, 2, 3].map((n) => ipBytes(`2001:db8::${n}`));
  const first = map.v4OfSource(a, 0, false);
  map.now = 10;
  const second = map.v4OfSource(b, 0, false);
  map.now = 299;
  assertEquals(map.v4OfSource(c, 0, false), -1);
  map.now = 310;
  assertEquals(map.v4OfSource(c, 0, false), first);
  assertEquals([map.v4OfHost("2001:db8::1"), map.size], [undefined, 2]);
  assertEquals(map.v4OfSource(b, 0, false), second);
});

Deno.test("a map with invalid addresses is refused by a typed error", () => {
  assertThrows(
    () => new Nat64Map("2001:db8::/64"),
    InvalidAddressError,
    "an IPv4 address is required",
  );
  assertThrows(() => new Nat64Map(POOL, { prefix: "64:ff9b::/64" }), Nat64PrefixError);
  assertThrows(() => new Nat64Map(POOL, { reserved: ["10.0.0.1"] }), AddressOutsideError);
});
