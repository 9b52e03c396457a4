import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Namespace, SyscallError } from "@netyard/netyard";
import {
  addAddress,
  addNeighbour,
  deleteAddress,
  deleteNeighbour,
  ipText,
} from "../../native/netlink/address.ts";
import {
  type Message,
  MessageWriter,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLMSG_DONE,
  NLMSG_ERROR,
  readAttributes,
  readMessages,
} from "../../native/netlink/codec.ts";
import {
  addBridge,
  addVeth,
  deleteLink,
  dumpLinks,
  getLink,
  LOOPBACK,
  noLinkLocal,
  readLinkState,
  setLink,
  syncLink,
} from "../../native/netlink/link.ts";
import {
  deleteRoute,
  getRoute,
  isLocalRoute,
  replaceByDroppingRoute,
  replaceRoute,
} from "../../native/netlink/route.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { formatIp, ipBytes, macBytes } from "../../lib/address/mod.ts";
import { seeded } from "../address/random.ts";

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes).replace(/\0$/, "");
const u32 = (bytes: Uint8Array | undefined) =>
  bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);

/** The messages of requests. */
function written(write: (batch: MessageWriter) => void): Message[] {
  const batch = new MessageWriter();
  write(batch);
  return readMessages(batch.finish().slice());
}

Deno.test("messages and attributes with any content are read as they were written", () => {
  const random = seeded(1);
  const below = (n: number) => Math.floor(random() * n);
  const bytes = (n: number) => Uint8Array.from({ length: n }, () => below(256));
  for (let round = 0; round < 200; round++) {
    const expected = Array.from({ length: 1 + below(30) }, () => ({
      type: 16 + below(100),
      flags: below(8) << 8,
      head: bytes(4 * below(6)),
      // Types differ within a message: of several equal ones, the last would be read.
      attributes: Array.from({ length: below(12) }, (_, i) => ({
        type: 1 + i * 7,
        value: below(3) === 0 ? below(2 ** 32) : bytes(below(300)),
      })),
    }));
    const messages = written((batch) => {
      for (const { type, flags, head, attributes } of expected) {
        batch.begin(type, flags, "test");
        for (const byte of head) batch.u8(byte);
        for (const { type, value } of attributes) {
          if (typeof value === "number") batch.attrU32(type, value);
          else batch.attrBytes(type, value);
        }
        batch.end();
      }
    });
    assertEquals(messages.length, expected.length);
    for (const [i, { type, flags, head, attributes }] of expected.entries()) {
      const message = messages[i];
      // Every message is a request (1), and the last one requests an acknowledgement.
      const ack = i === expected.length - 1 ? NLM_F_ACK : 0;
      assertEquals([message.type, message.flags, message.seq], [type, flags | 1 | ack, i + 1]);
      assertEquals(message.body.slice(0, head.length), head);
      const read = readAttributes(message.body, head.length);
      assertEquals(read.size, attributes.length);
      for (const { type, value } of attributes) {
        if (typeof value === "number") assertEquals(u32(read.get(type)), value);
        else assertEquals(read.get(type)!.slice(), value);
      }
    }
  }
});

Deno.test("attributes within attributes are read level by level", () => {
  const [message] = written((batch) => {
    batch.begin(16, NLM_F_CREATE | NLM_F_EXCL, "nested").u32(7);
    batch.nest(18, () => {
      batch.attrString(1, "veth");
      batch.nest(2, () => batch.nest(1, () => batch.u32(9).attrString(3, "eth0")));
    });
    batch.attrU32(4, 1500).end();
  });
  const outer = readAttributes(message.body, 4);
  const middle = readAttributes(outer.get(18)!, 0);
  const inner = readAttributes(readAttributes(middle.get(2)!, 0).get(1)!, 4);
  assertEquals([text(middle.get(1)), text(inner.get(3)), u32(outer.get(4))], [
    "veth",
    "eth0",
    1500,
  ]);
});

Deno.test("a writer is reused, and grows with its content", () => {
  const batch = new MessageWriter();
  for (const count of [1, 5_000, 2]) {
    batch.reset();
    for (let n = 0; n < count; n++) {
      addNeighbour(batch, n, ipBytes("2001:db8::1"), macBytes("02:00:00:00:00:01"));
    }
    assertEquals(batch.count, count);
    const messages = readMessages(batch.finish());
    assertEquals(messages.map(({ seq }) => seq), Array.from({ length: count }, (_, i) => i + 1));
    assertEquals(batch.describe(count), `neighbour 2001:db8::1 on link ${count - 1}`);
  }
});

Deno.test("incomplete and invalid bytes end the reading without harm", () => {
  const random = seeded(2);
  const whole = new MessageWriter();
  for (const index of [2, 3, 4]) setLink(whole, index, { up: true, mtu: 1400 });
  const bytes = whole.finish().slice();
  for (let length = 0; length <= bytes.length; length++) {
    assertEquals(readMessages(bytes.subarray(0, length)).length, Math.floor(length / 40));
  }
  for (let round = 0; round < 2_000; round++) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 80) }, () => random() * 256);
    for (const { body } of readMessages(noise)) readAttributes(body, 0);
    readAttributes(noise, 4);
  }
});

Deno.test("addresses have their usual text form", () => {
  const random = seeded(3);
  for (
    const ip of ["0.0.0.0", "198.18.0.1", "::", "::1", "fe80::1", "2001:db8:0:1::", "1::2:0:3"]
  ) {
    assertEquals(ipText(ipBytes(ip)), ip);
  }
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from({ length: 16 }, () => random() < 0.5 ? 0 : random() * 256);
    const value = bytes.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
    assertEquals(ipBytes(ipText(bytes)), ipBytes(formatIp({ family: 6, value })));
  }
});

/** Runs requests in a namespace. */
const inside = (namespace: Namespace, write: (batch: MessageWriter) => void) =>
  namespace.enter(() => rtnetlink(write));

const refused = (namespace: Namespace, write: (batch: MessageWriter) => void) =>
  assertThrows(() => inside(namespace, write), SyscallError);

const A = macBytes("02:00:00:00:00:0a");
const B = macBytes("02:00:00:00:00:0b");
const LAN = { name: "lan", index: 30, mac: macBytes("02:00:00:00:00:0c"), mtu: 1500 };

/** Two namespaces: `a0` (20) in the first, joined with `b0` (21) in the second. */
function pair(mtu = 1500) {
  const a = Namespace.create();
  const b = Namespace.create();
  inside(a, (batch) => {
    setLink(batch, LOOPBACK, { up: true });
    addVeth(batch, { name: "a0", index: 20, mac: A, mtu }, {
      name: "b0",
      index: 21,
      mac: B,
      mtu,
      namespaceFd: b.fd,
    });
  });
  return { a, b, [Symbol.dispose]: () => [a, b].forEach((namespace) => namespace.close()) };
}

const state = (namespace: Namespace, index: number) =>
  readLinkState(inside(namespace, (batch) => getLink(batch, index))[0]);

Deno.test("the kernel makes links as requested", () => {
  using ends = pair(1400);
  const { a, b } = ends;
  const [a0, b0] = [state(a, 20), state(b, 21)];
  assertEquals([a0.name, a0.index, a0.mtu, a0.up], ["a0", 20, 1400, true]);
  assertEquals([b0.name, b0.index, b0.mtu, b0.up], ["b0", 21, 1400, false]);
  inside(b, (batch) => {
    noLinkLocal(batch, 21);
    setLink(batch, 21, { up: true, mtu: 1300 });
  });
  assertEquals([state(b, 21).up, state(b, 21).mtu], [true, 1300]);
  inside(a, (batch) => {
    addBridge(batch, LAN);
    setLink(batch, 20, { master: 30 });
    syncLink(batch, 20);
  });
  const names = inside(a, dumpLinks).map(readLinkState).map(({ name }) => name);
  assertEquals(names.sort(), ["a0", "lan", "lo"]);
  inside(a, (batch) => setLink(batch, 20, { master: 0 }));
  inside(a, (batch) => deleteLink(batch, 30));
  inside(b, (batch) => deleteLink(batch, 21));
  assertEquals(inside(a, dumpLinks).map(readLinkState).map(({ name }) => name), ["lo"]);
});

Deno.test("the kernel adds and deletes addresses, neighbours and routes", () => {
  using ends = pair();
  const { a, b } = ends;
  inside(b, (batch) => setLink(batch, 21, { up: true }));
  for (
    const [own, prefix, other, far] of [
      ["10.0.0.1", 24, "10.0.0.2", "10.9.0.0"],
      ["fd00::1", 64, "fd00::2", "fd99::"],
    ] as [string, number, string, string][]
  ) {
    const route = { destination: ipBytes(far), prefix: 16, gateway: ipBytes(other), index: 20 };
    inside(a, (batch) => {
      addAddress(batch, 20, ipBytes(own), prefix);
      addAddress(batch, 20, ipBytes(own), prefix); // Once more is as once.
      addNeighbour(batch, 20, ipBytes(other), B);
      addNeighbour(batch, 20, ipBytes(other), A); // Replaces.
      replaceRoute(batch, { ...route, mtu: 1300 });
      replaceRoute(batch, { gateway: ipBytes(other), index: 20 });
    });
    const way = (ip: string) =>
      inside(a, (batch) => getRoute(batch, ipBytes(ip))).map(isLocalRoute);
    assertEquals(way(other), [false]);
    assertEquals(way("fd00::1" === own ? "fd99::1" : "10.9.0.1"), [false]);

    const family = own.includes(":") ? 6 : 4;
    inside(a, (batch) => {
      deleteRoute(batch, { destination: ipBytes(far), prefix: 16, index: 20 });
      deleteRoute(batch, { family, index: 20 });
      deleteNeighbour(batch, 20, ipBytes(other));
      deleteAddress(batch, 20, ipBytes(own), prefix);
    });
    assertEquals(refused(a, (batch) => deleteRoute(batch, { family, index: 20 })).code, "ESRCH");
    assertEquals(
      refused(a, (batch) => deleteNeighbour(batch, 20, ipBytes(other))).code,
      "ENOENT",
    );
    assertEquals(
      refused(a, (batch) => deleteAddress(batch, 20, ipBytes(own), prefix)).code,
      "EADDRNOTAVAIL",
    );
  }
});

Deno.test("a route is replaced by one that drops packets, and by one with a source", () => {
  using ends = pair();
  const { a } = ends;
  const ipRoute = (ip: string) => {
    const ask = new Deno.Command("ip", { args: ["route", "get", ip] });
    const { success, stdout, stderr } = a.enter(() => ask.outputSync());
    return new TextDecoder().decode(success ? stdout : stderr);
  };
  for (
    const [own, spare, other, far] of [
      ["10.0.0.1", "10.0.0.5", "10.0.0.2", "10.9.0.0"],
      ["fd00::1", "fd00::5", "fe80::2", "fd99::"],
    ]
  ) {
    const prefix = own.includes(":") ? 64 : 16;
    const to = { destination: ipBytes(far), prefix };
    const route = { ...to, gateway: ipBytes(other), index: 20, source: ipBytes(spare) };
    inside(a, (batch) => {
      for (const ip of [own, spare]) addAddress(batch, 20, ipBytes(ip), prefix);
      replaceRoute(batch, route);
    });
    assertMatch(ipRoute(far), new RegExp(`via ${other} dev a0 .*src ${spare} `));
    inside(a, (batch) => replaceByDroppingRoute(batch, "blackhole", to));
    assertStringIncludes(ipRoute(far), "Invalid argument");
    inside(a, (batch) => replaceByDroppingRoute(batch, "unreachable", to));
    assertStringIncludes(ipRoute(far), "No route to host");
    inside(a, (batch) => replaceRoute(batch, route));
    assertStringIncludes(ipRoute(far), `via ${other} dev a0`);
    // It is the only one, whatever its next hop is.
    inside(a, (batch) => deleteRoute(batch, to));
    assertEquals(refused(a, (batch) => deleteRoute(batch, to)).code, "ESRCH");
    inside(a, (batch) => replaceByDroppingRoute(batch, "blackhole", to));
    inside(a, (batch) => deleteRoute(batch, to));
    assertStringIncludes(ipRoute(far), "Network is unreachable");
  }
});

Deno.test("a refusal names its request, and the other requests are executed", () => {
  using ends = pair();
  const { a } = ends;
  const error = refused(a, (batch) => {
    addAddress(batch, 20, ipBytes("10.0.0.1"), 24);
    addAddress(batch, 77, ipBytes("fd00::1"), 64);
    deleteLink(batch, 78);
    addBridge(batch, LAN);
  });
  assertEquals([error.code, error.call, error.args], ["ENODEV", "netlink", [
    "address fd00::1/64 on link 77",
  ]]);
  assertEquals(state(a, 30).name, "lan");
  assertEquals(refused(a, (batch) => addBridge(batch, LAN)).code, "EEXIST");
  assertEquals(refused(a, (batch) => addBridge(batch, { ...LAN, name: "x" })).code, "EEXIST");
  assertEquals(refused(a, (batch) => getLink(batch, 99)).code, "ENODEV");
});

Deno.test("counters count what passed since the link was made", () => {
  using ends = pair();
  const { a, b } = ends;
  inside(a, (batch) => {
    addAddress(batch, 20, ipBytes("10.0.0.1"), 24);
    addNeighbour(batch, 20, ipBytes("10.0.0.2"), B);
  });
  inside(b, (batch) => setLink(batch, 21, { up: true }));
  inside(a, (batch) => syncLink(batch, 20));
  const before = state(b, 21).stats;
  // There is no answer, because the other end has no address; it still receives the packets.
  const ping = new Deno.Command("ping", { args: "-q -c 3 -i 0.01 -W 0.1 10.0.0.2".split(" ") });
  a.enter(() => ping.outputSync());
  const after = state(b, 21).stats;
  assertEquals(after.rxPackets - before.rxPackets >= 3, true);
  assertEquals(after.rxBytes - before.rxBytes >= 3 * (14 + 20 + 8 + 56), true);
  assertEquals([after.rxErrors, after.rxDropped], [0, 0]);
});

Deno.test("messages that end an answer are not part of it", () => {
  using namespace = Namespace.create();
  const answers = inside(namespace, dumpLinks);
  assertEquals(answers.filter(({ type }) => type === NLMSG_DONE || type === NLMSG_ERROR), []);
  assertEquals(inside(namespace, () => {}), []);
});
