import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  AddressInUseError,
  AddressNotInUseError,
  AddressOutsideError,
  HostPool,
  InvalidAddressError,
  InvalidCidrError,
  parseCidr,
  PoolExhaustedError,
  SubnetPool,
} from "../../lib/address/mod.ts";
import { pick, seeded } from "./random.ts";

const take = (pool: { take(): unknown }, count: number) =>
  Array.from({ length: count }, () => String(pool.take()));

Deno.test("subnets are handed out in order until there are no more", () => {
  const pool = new SubnetPool("10.0.0.0/22", 24);
  assertEquals(pool.size, 4n);
  assertEquals(take(pool, 4), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
  assertThrows(
    () => pool.take(),
    PoolExhaustedError,
    "the pool 10.0.0.0/22 is used up: all of its 4 /24 subnets are taken or reserved",
  );
});

Deno.test("IPv6 subnets are handed out from pools of any size", () => {
  assertEquals(take(new SubnetPool("2001:db8:1::/48", 64), 2), [
    "2001:db8:1::/64",
    "2001:db8:1:1::/64",
  ]);
  assertEquals(take(new SubnetPool("fd10::/16", 128), 2), ["fd10::/128", "fd10::1/128"]);
});

Deno.test("a pool of one subnet hands out itself", () => {
  const pool = new SubnetPool(parseCidr("10.0.0.0/24"), 24);
  assertEquals(take(pool, 1), ["10.0.0.0/24"]);
  assertThrows(() => pool.take(), PoolExhaustedError);
});

Deno.test("a prefix length that does not fit the pool is refused", () => {
  for (const prefix of [7, 33, 8.5]) {
    assertThrows(() => new SubnetPool("10.0.0.0/8", prefix), InvalidCidrError, "from 8 to 32");
  }
});

Deno.test("a reserved subnet is never handed out", () => {
  const pool = new SubnetPool("10.0.0.0/21", 24);
  pool.reserve("10.0.0.0/24");
  pool.reserve("10.0.2.128/25"); // part of one subnet
  pool.reserve("10.0.4.0/23"); // two subnets
  assertEquals(take(pool, 4), ["10.0.1.0/24", "10.0.3.0/24", "10.0.6.0/24", "10.0.7.0/24"]);
  assertThrows(() => pool.take(), PoolExhaustedError);
});

Deno.test("a reservation that contains the pool leaves no subnets", () => {
  for (const block of ["10.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0"]) {
    const pool = new SubnetPool("10.0.0.0/16", 24);
    pool.reserve(block);
    assertThrows(() => pool.take(), PoolExhaustedError);
    pool.release(block);
    assertEquals(take(pool, 1), ["10.0.0.0/24"]);
  }
});

Deno.test("a reservation outside the pool has no effect", () => {
  const pool = new SubnetPool("10.0.0.0/23", 24);
  for (const block of ["192.168.0.0/16", "10.0.2.0/24", "::/0"]) {
    pool.reserve(block);
    pool.release(block);
  }
  assertEquals(take(pool, 2), ["10.0.0.0/24", "10.0.1.0/24"]);
});

Deno.test("a subnet that was handed out cannot be reserved", () => {
  const pool = new SubnetPool("10.0.0.0/16", 24);
  take(pool, 2);
  for (const block of ["10.0.1.0/24", "10.0.1.64/26", "10.0.0.0/22", "0.0.0.0/0"]) {
    assertThrows(() => pool.reserve(block), AddressInUseError, `cannot reserve ${block}: the pool`);
  }
  pool.release("10.0.1.0/24");
  pool.reserve("10.0.1.0/24");
  assertEquals(take(pool, 1), ["10.0.2.0/24"]);
});

Deno.test("released subnets are handed out after the fresh ones, the first released first", () => {
  const pool = new SubnetPool("10.0.0.0/22", 24);
  take(pool, 2);
  pool.release("10.0.1.0/24");
  pool.release("10.0.0.0/24");
  assertEquals(take(pool, 4), ["10.0.2.0/24", "10.0.3.0/24", "10.0.1.0/24", "10.0.0.0/24"]);
});

Deno.test("a subnet that is reserved after its release is handed out only after the reservation ends", () => {
  const pool = new SubnetPool("10.0.0.0/23", 24);
  take(pool, 2);
  pool.release("10.0.0.0/24");
  pool.reserve("10.0.0.0/25");
  pool.reserve("10.0.0.0/24");
  assertThrows(() => pool.take(), PoolExhaustedError);
  pool.release("10.0.0.0/24");
  assertThrows(() => pool.take(), PoolExhaustedError);
  pool.release("10.0.0.0/25");
  assertEquals(take(pool, 1), ["10.0.0.0/24"]);
  assertThrows(() => pool.take(), PoolExhaustedError);
});

Deno.test("only a subnet that was handed out or reserved can be released, and only once", () => {
  const pool = new SubnetPool("10.0.0.0/16", 24);
  take(pool, 1);
  pool.reserve("10.0.7.0/25");
  for (
    const block of ["10.0.1.0/24", "10.0.0.0/25", "10.0.0.0/23", "10.0.7.128/25", "10.0.7.0/24"]
  ) {
    assertThrows(() => pool.release(block), AddressNotInUseError, `cannot release ${block}`);
  }
  pool.release("10.0.0.0/24");
  assertThrows(() => pool.release("10.0.0.0/24"), AddressNotInUseError);
  pool.release("10.0.7.0/25");
  assertThrows(() => pool.release("10.0.7.0/25"), AddressNotInUseError);
});

Deno.test("IPv4 hosts are .1 to the last address before the broadcast address", () => {
  const pool = new HostPool("10.0.0.0/29");
  assertEquals(take(pool, 6), [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.${n}`));
  assertThrows(
    () => pool.take(),
    PoolExhaustedError,
    "the subnet 10.0.0.0/29 is used up: all of its 6 host addresses are taken or reserved",
  );
});

Deno.test("IPv6 hosts begin after the subnet-router anycast address", () => {
  assertEquals(take(new HostPool("fd10:0:1::/64"), 2), ["fd10:0:1::1", "fd10:0:1::2"]);
  assertEquals(take(new HostPool("fd10::/126"), 3), ["fd10::1", "fd10::2", "fd10::3"]);
});

Deno.test("subnets of one and two addresses hand out all of them", () => {
  assertEquals(take(new HostPool("203.0.113.4/31"), 2), ["203.0.113.4", "203.0.113.5"]);
  assertEquals(take(new HostPool("203.0.113.4/32"), 1), ["203.0.113.4"]);
  assertEquals(take(new HostPool("fd10::/127"), 2), ["fd10::", "fd10::1"]);
  assertEquals(take(new HostPool("fd10::9/128"), 1), ["fd10::9"]);
});

Deno.test("reserved hosts are never handed out", () => {
  const pool = new HostPool("10.0.0.0/29", { reserved: ["10.0.0.1", "10.0.0.4", "10.0.0.0"] });
  assertEquals(take(pool, 4), [2, 3, 5, 6].map((n) => `10.0.0.${n}`));
  assertThrows(() => pool.take("10.0.0.1"), AddressInUseError, "already reserved");
  assertThrows(() => pool.release("10.0.0.1"), AddressNotInUseError);
  assertThrows(
    () => new HostPool("10.0.0.0/29", { reserved: ["10.0.0.8"] }),
    AddressOutsideError,
    "cannot reserve 10.0.0.8: it is not in 10.0.0.0/29",
  );
});

Deno.test("a requested host is handed out once, and later takes skip it", () => {
  const pool = new HostPool("10.0.0.0/29");
  assertEquals(pool.take("10.0.0.2"), "10.0.0.2");
  assertThrows(
    () => pool.take("10.0.0.2"),
    AddressInUseError,
    "cannot take 10.0.0.2: it is already taken in the subnet 10.0.0.0/29",
  );
  assertEquals(take(pool, 2), ["10.0.0.1", "10.0.0.3"]);
});

Deno.test("a requested host is returned in its canonical form", () => {
  assertEquals(new HostPool("fd10::/64").take("FD10:0:0:0::000A"), "fd10::a");
});

Deno.test("a requested host outside the hosts of the subnet is refused", () => {
  const v4 = new HostPool("10.0.0.0/24");
  for (const ip of ["10.0.0.0", "10.0.0.255", "10.0.1.1", "fd10::1"]) {
    const { message } = assertThrows(() => v4.take(ip), AddressOutsideError);
    assertEquals(
      message,
      `cannot take ${ip}: the host addresses of 10.0.0.0/24 are 10.0.0.1 to 10.0.0.254`,
    );
  }
  assertThrows(() => new HostPool("fd10::/64").take("fd10::"), AddressOutsideError);
  assertThrows(() => v4.take("10.0.0"), InvalidAddressError);
});

Deno.test("released hosts are handed out after the fresh ones, the first released first", () => {
  const pool = new HostPool("10.0.0.0/29");
  take(pool, 3);
  pool.release("10.0.0.2");
  pool.release("10.0.0.1");
  assertEquals(take(pool, 5), [4, 5, 6, 2, 1].map((n) => `10.0.0.${n}`));
});

Deno.test("a requested host that is released is handed out again like any other", () => {
  const pool = new HostPool("10.0.0.0/29");
  pool.take("10.0.0.1");
  pool.release("10.0.0.1");
  assertEquals(take(pool, 6), [2, 3, 4, 5, 6, 1].map((n) => `10.0.0.${n}`));
});

Deno.test("only a host that was taken can be released, and only once", () => {
  const pool = new HostPool("10.0.0.0/24");
  pool.take();
  for (const ip of ["10.0.0.2", "10.0.1.1", "fd10::1"]) {
    assertThrows(
      () => pool.release(ip),
      AddressNotInUseError,
      `cannot release ${ip}: it was not taken from the subnet 10.0.0.0/24`,
    );
  }
  pool.release("10.0.0.1");
  assertThrows(() => pool.release("10.0.0.1"), AddressNotInUseError);
});

Deno.test("a pool agrees with a plain model over thousands of random calls", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seeded(seed);
    const pool = new HostPool("10.0.0.0/26", { reserved: ["10.0.0.9"] });
    const taken = new Set<string>();
    const hosts = Array.from({ length: 62 }, (_, i) => `10.0.0.${i + 1}`);
    const fresh = hosts.filter((ip) => ip !== "10.0.0.9");
    const returned: string[] = [];
    const drop = (list: string[], ip: string) => list.splice(list.indexOf(ip), 1);
    for (let step = 0; step < 2000; step++) {
      const roll = random();
      const ip = hosts[pick(random, hosts.length)];
      if (roll < 0.35) {
        const next = fresh.shift() ?? returned.shift();
        if (next === undefined) {
          assertThrows(() => pool.take(), PoolExhaustedError);
        } else {
          assertEquals(pool.take(), next);
          taken.add(next);
        }
      } else if (roll < 0.55) {
        if (taken.has(ip) || ip === "10.0.0.9") {
          assertThrows(() => pool.take(ip), AddressInUseError);
        } else {
          assertEquals(pool.take(ip), ip);
          taken.add(ip);
          drop(fresh.includes(ip) ? fresh : returned, ip);
        }
      } else if (taken.delete(ip)) {
        pool.release(ip);
        returned.push(ip);
      } else {
        assertThrows(() => pool.release(ip), AddressNotInUseError);
      }
    }
  }
});

Deno.test("subnets never overlap each other or a reservation, whatever the order of calls", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seeded(seed);
    const pool = new SubnetPool("10.0.0.0/18", 24);
    const taken: string[] = [];
    const reserved: string[] = [];
    const free = () => {
      const all = Array.from({ length: 64 }, (_, n) => parseCidr(`10.0.${n}.0/24`));
      return all.filter((each) => ![...taken, ...reserved].some((used) => each.overlaps(used)));
    };
    for (let step = 0; step < 400; step++) {
      const roll = random();
      if (roll < 0.4) {
        const count = free().length;
        if (count === 0) {
          assertThrows(() => pool.take(), PoolExhaustedError);
        } else {
          const next = String(pool.take());
          assert(![...taken, ...reserved].some((used) => parseCidr(used).overlaps(next)), next);
          taken.push(next);
        }
      } else if (roll < 0.55) {
        const prefix = 20 + pick(random, 7);
        const size = 2 ** (32 - prefix);
        const start = pick(random, 2 ** 14 / size) * size;
        const block = `10.0.${start >> 8}.${start & 255}/${prefix}`;
        if (taken.some((each) => parseCidr(each).overlaps(block))) {
          assertThrows(() => pool.reserve(block), AddressInUseError);
        } else {
          pool.reserve(block);
          reserved.push(block);
        }
      } else {
        const list = roll < 0.85 ? taken : reserved;
        if (list.length > 0) pool.release(list.splice(pick(random, list.length), 1)[0]);
      }
    }
    assertEquals(
      take(pool, free().length).length,
      64 - new Set([...covered(taken, reserved)]).size,
    );
    assertThrows(() => pool.take(), PoolExhaustedError);
  }
});

/** The numbers of the /24 subnets of 10.0.0.0/18 that are in use. */
function covered(...lists: string[][]): number[] {
  const used = lists.flat().map(parseCidr);
  return Array.from({ length: 64 }, (_, n) => n).filter((n) =>
    used.some((block) => block.overlaps(`10.0.${n}.0/24`))
  );
}

Deno.test("the cost of a call does not grow with the pool", () => {
  // 200,000 calls; anything that scanned the pool or the line of released ones would take minutes.
  const started = performance.now();
  const pool = new HostPool("10.0.0.0/8");
  const addresses = take(pool, 50_000);
  for (const ip of addresses) pool.release(ip);
  for (const ip of addresses) pool.take(ip);
  for (const ip of addresses) pool.release(ip);
  const subnets = new SubnetPool("fd10::/16", 64);
  for (let n = 0; n < 1000; n++) subnets.reserve(`fd10:0:${n.toString(16)}::/48`);
  take(subnets, 10_000);
  assertLess(performance.now() - started, 20_000);
});

Deno.test("an untaken address is handed out next, as before", () => {
  const hosts = new HostPool("10.0.0.0/29", { reserved: ["10.0.0.1"] });
  const undo = (...ips: string[]) => ips.forEach((ip) => hosts.untake(ip));
  assertEquals(take(hosts, 2), ["10.0.0.2", "10.0.0.3"]);
  undo("10.0.0.3", "10.0.0.2");
  assertEquals(hosts.take("10.0.0.4"), "10.0.0.4");
  undo("10.0.0.4");
  assertEquals(take(hosts, 5).at(-1), "10.0.0.6");
  hosts.release("10.0.0.5");
  hosts.release("10.0.0.3");
  assertEquals(take(hosts, 1), ["10.0.0.5"]);
  undo("10.0.0.5");
  assertEquals(take(hosts, 2), ["10.0.0.5", "10.0.0.3"]);
  assertThrows(() => hosts.untake("10.0.0.1"), AddressNotInUseError, "cannot take back 10.0.0.1");

  const subnets = new SubnetPool("10.0.0.0/22", 24);
  const [first, second] = [subnets.take(), subnets.take()];
  subnets.untake(second);
  subnets.untake(first);
  subnets.reserve("10.0.0.0/23");
  subnets.untake("10.0.0.0/23");
  subnets.reserve("10.0.1.0/24");
  subnets.untake("10.0.1.0/24");
  assertEquals(take(subnets, 4), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
  assertThrows(() => new SubnetPool("10.0.0.0/22", 24).untake(first), AddressNotInUseError);
});

Deno.test("taking and untaking at random leaves a pool unchanged", () => {
  const random = seeded(5);
  const hosts = new HostPool("10.0.0.0/26");
  const plain = new HostPool("10.0.0.0/26");
  for (let round = 0; round < 60; round++) {
    const tries = take(hosts, Math.min(1 + Math.floor(random() * 5), 62 - round));
    for (const ip of tries.reverse()) hosts.untake(ip);
    assertEquals(hosts.take(), plain.take());
  }
});
