import { assertEquals } from "@std/assert";
import { type BridgeRules, bridgeRules, hasNoRules } from "../../lib/bridge/rules.ts";
import { nft } from "../../native/nftables.ts";
import { Namespace } from "../../native/namespace.ts";

const NONE: BridgeRules = { closed: false, isolated: [], dropped: [], resolving: [], detours: [] };

const EMPTY = `\
add table bridge netyard_bridge
delete table bridge netyard_bridge
add table netdev netyard_detour
delete table netdev netyard_detour
`;

Deno.test("without rules there is no table", () => {
  assertEquals(bridgeRules(NONE), EMPTY);
  assertEquals(hasNoRules(NONE), true);
});

Deno.test("a partition drops frames of every protocol by their ports", () => {
  const rules = { ...NONE, dropped: [["a", "b"], ["b", "a"]] as const };
  assertEquals(hasNoRules(rules), false);
  assertEquals(
    bridgeRules(rules),
    `${EMPTY}\
table bridge netyard_bridge {
  chain forward {
    type filter hook forward priority 0;
    iifname "a" oifname "b" drop
    iifname "b" oifname "a" drop
  }
}
`,
  );
});

Deno.test("isolation closes both directions of a port, and a closed bridge closes all ports", () => {
  assertEquals(
    bridgeRules({ ...NONE, closed: true, isolated: ["a"] }),
    `${EMPTY}\
table bridge netyard_bridge {
  chain forward {
    type filter hook forward priority 0;
    drop
    iifname "a" drop
    oifname "a" drop
  }
}
`,
  );
});

Deno.test("a detour takes the frames that the bridge marks, and returns them unmarked", () => {
  const detours = [
    { number: 1, from: "a", to: "b", entry: "p1a", exit: "p1b" },
    { number: 2, from: "c", to: "b", entry: "p2a", exit: "p2b" },
  ];
  assertEquals(
    bridgeRules({ ...NONE, detours }),
    `${EMPTY}\
table bridge netyard_bridge {
  chain forward {
    type filter hook forward priority 0;
    iifname "a" oifname "b" meta mark set 0x6d000001
    iifname "c" oifname "b" meta mark set 0x6d000002
  }
}
table netdev netyard_detour {
  chain to0 {
    type filter hook egress device "b" priority -100;
    meta mark 0x6d000001 fwd to "p1a"
    meta mark 0x6d000002 fwd to "p2a"
  }
  chain from1 {
    type filter hook ingress device "p1b" priority 0;
    meta mark set 0
    fwd to "b"
  }
  chain from2 {
    type filter hook ingress device "p2b" priority 0;
    meta mark set 0
    fwd to "b"
  }
}
`,
  );
});

Deno.test("a closing detour delivers the frames in it, and takes no others", () => {
  const detour = { number: 7, from: "a", to: "b", entry: "p7a", exit: "p7b", closing: true };
  assertEquals(
    bridgeRules({ ...NONE, detours: [detour] }),
    `${EMPTY}\
table netdev netyard_detour {
  chain from7 {
    type filter hook ingress device "p7b" priority 0;
    meta mark set 0
    fwd to "b"
  }
}
`,
  );
});

Deno.test("frames are dropped before they can take a detour", () => {
  const detours = [{ number: 1, from: "a", to: "b", entry: "x", exit: "y" }];
  const text = bridgeRules({ ...NONE, dropped: [["a", "b"]], detours });
  const lines = text.split("\n").filter((line) => line.includes('oifname "b"')).map((l) =>
    l.trim()
  );
  assertEquals(lines, [
    'iifname "a" oifname "b" drop',
    'iifname "a" oifname "b" meta mark set 0x6d000001',
  ]);
});

Deno.test("the kernel accepts rules, their replacement and their removal", () => {
  using namespace = Namespace.create();
  const dropped = [["a", "b"]] as const;
  const list = () => namespace.enter(() => nft("list ruleset"));
  namespace.enter(() => nft(bridgeRules({ ...NONE, dropped })));
  assertEquals(list().includes('iifname "a" oifname "b" drop'), true);
  namespace.enter(() => nft(bridgeRules({ ...NONE, isolated: ["c"] })));
  assertEquals(list().includes('"a"'), false);
  assertEquals(list().includes('iifname "c" drop'), true);
  namespace.enter(() => nft(bridgeRules(NONE)));
  assertEquals(list(), "");
});

Deno.test("in one direction, address resolution passes", () => {
  assertEquals(
    bridgeRules({ ...NONE, resolving: [["a", "b"]] }).split("\n").filter((line) =>
      /iifname/.test(line)
    ),
    [
      '    iifname "a" oifname "b" ether type arp accept',
      '    iifname "a" oifname "b" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
      '    iifname "a" oifname "b" drop',
    ],
  );
});
