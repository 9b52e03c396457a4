import { assertEquals } from "@std/assert";
import { BLACK_HOLE_TABLE, type BlackHole, blackHoleRuleset } from "../../lib/firewall/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { nft } from "../../native/nftables.ts";
import { pick, seeded } from "../address/random.ts";

const rules = (given: Partial<BlackHole>) =>
  blackHoleRuleset({ all: false, towards: [], beyond: undefined, ...given });

const inTable = (...output: string[]) =>
  `table inet netyard_black_hole {
  chain output {
    type filter hook output priority raw; policy accept;
${output.map((line) => `    ${line}\n`).join("")}  }
}
`;

const FRAG_NEEDED = "icmp type destination-unreachable icmp code frag-needed";
const TOO_BIG = "icmpv6 type packet-too-big";

Deno.test("a node that suppresses nothing has no ruleset", () => {
  assertEquals(rules({}), undefined);
});

Deno.test("all messages: the exact text", () => {
  const expected = `table inet netyard_black_hole {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ${FRAG_NEEDED} drop
    ${TOO_BIG} drop
  }
  chain output {
    type filter hook output priority raw; policy accept;
    ${FRAG_NEEDED} drop
    ${TOO_BIG} drop
  }
}
`;
  assertEquals(rules({ all: true }), expected);
  assertEquals(rules({ all: true, towards: ["192.0.2.1"], beyond: ["fd00::/8"] }), expected);
});

Deno.test("messages about some destinations: the exact text", () => {
  assertEquals(
    rules({ towards: ["198.19.2.0/24", "2001:db8::3", "198.18.0.2", "2001:db8:1:2::/64"] }),
    inTable(
      `${FRAG_NEEDED} @th,192,32 { 0xc6120002, 0xc6130200-0xc61302ff } drop`,
      `${TOO_BIG} @th,256,128 { 0x20010db8000000000000000000000003, ` +
        "0x20010db8000100020000000000000000-0x20010db800010002ffffffffffffffff } drop",
    ),
  );
  assertEquals(
    rules({ towards: ["0.0.0.9"] }),
    inTable(`${FRAG_NEEDED} @th,192,32 { 0x00000009 } drop`),
  );
});

Deno.test("messages about all destinations but some: the exact text", () => {
  assertEquals(
    rules({ beyond: ["10.0.1.0/24"] }),
    inTable(`${FRAG_NEEDED} @th,192,32 != { 0x0a000100-0x0a0001ff } drop`, `${TOO_BIG} drop`),
  );
  assertEquals(rules({ beyond: [] }), inTable(`${FRAG_NEEDED} drop`, `${TOO_BIG} drop`));
  assertEquals(
    rules({ towards: ["10.0.1.7"], beyond: ["10.0.1.0/24", "fd10:0:1::/64"] }),
    inTable(
      `${FRAG_NEEDED} @th,192,32 { 0x0a000107 } drop`,
      `${FRAG_NEEDED} @th,192,32 != { 0x0a000100-0x0a0001ff } drop`,
      `${TOO_BIG} @th,256,128 != ` +
        "{ 0xfd100000000100000000000000000000-0xfd10000000010000ffffffffffffffff } drop",
    ),
  );
});

Deno.test("destinations that overlap or touch are written once", () => {
  assertEquals(
    rules({ towards: ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "10.0.0.0/16", "10.1.0.0"] }),
    inTable(`${FRAG_NEEDED} @th,192,32 { 0x0a000000-0x0a010000 } drop`),
  );
});

Deno.test("random destinations, a thousand and extreme ones load, in place of those before", () => {
  const random = seeded(20_260_102);
  const some = () =>
    Array.from({ length: 1 + pick(random, 20) }, () => {
      const [a, b] = [pick(random, 256), pick(random, 256)];
      return random() < 0.5 ? `10.${a}.${b}.0/24` : `fd10:0:${a.toString(16)}::${b.toString(16)}`;
    });
  const many = Array.from({ length: 1000 }, (_, i) => `2001:db8:1:${i.toString(16)}::/64`);
  const cases: Partial<BlackHole>[] = [
    { all: true },
    ...Array.from({ length: 20 }, () => ({
      towards: some(),
      beyond: random() < 0.5 ? some() : undefined,
    })),
    { towards: ["0.0.0.0/0", "::/0"], beyond: ["0.0.0.0", "::", "255.255.255.255"] },
    { towards: many, beyond: many },
  ];
  using namespace = Namespace.create();
  namespace.enter(() => {
    for (const given of cases) {
      nft(
        `add table inet ${BLACK_HOLE_TABLE}\ndelete table inet ${BLACK_HOLE_TABLE}\n` +
          rules(given),
      );
    }
  });
});
