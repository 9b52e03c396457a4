import { assertEquals } from "@std/assert";
import { z } from "zod";
import {
  type Firewall,
  type FirewallConfig,
  firewallRuleset,
  firewallSchema,
  type PortPolicy,
  resolveFirewall,
} from "../../lib/firewall/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { nft } from "../../native/nftables.ts";
import { pick, seeded } from "../address/random.ts";

const rules = (firewall: Firewall, adopt = false) =>
  firewallRuleset(resolveFirewall(firewall), "ix", adopt);

const inTable = (...lines: string[]) =>
  `table inet netyard_firewall {
  counter dropped { }
  chain forward {
    type filter hook forward priority filter; policy accept;
${lines.map((line) => `    ${line}\n`).join("")}  }
}
`;

Deno.test("a firewall that accepts everything has no ruleset", () => {
  assertEquals(rules("none"), undefined);
  assertEquals(rules({}), undefined);
  assertEquals(rules({ inbound: "allow", outbound: { tcp: "allow", icmp: "allow" } }), undefined);
});

Deno.test("block-inbound: the exact text", () => {
  assertEquals(
    rules("block-inbound"),
    inTable(
      "ct state established,related accept",
      "meta nfproto ipv4 ct status dnat accept",
      'iifname "ix" counter name dropped drop',
    ),
  );
});

Deno.test("corporate: the exact text", () => {
  assertEquals(
    rules("corporate"),
    inTable(
      "ct state established,related accept",
      "meta nfproto ipv4 ct status dnat accept",
      'iifname "ix" counter name dropped drop',
      'oifname != "ix" accept',
      "meta l4proto tcp tcp dport != { 80, 443 } counter name dropped drop",
      "meta l4proto udp udp dport != { 53 } counter name dropped drop",
      "meta l4proto != { tcp, udp, icmp, ipv6-icmp } counter name dropped drop",
    ),
  );
});

Deno.test("captive-portal: the exact text", () => {
  assertEquals(
    rules("captive-portal"),
    inTable(
      "ct state established,related accept",
      "meta nfproto ipv4 ct status dnat accept",
      'iifname "ix" counter name dropped drop',
      'oifname != "ix" accept',
      "meta l4proto udp udp dport != { 53 } counter name dropped drop",
      "meta l4proto != { tcp, udp, icmp, ipv6-icmp } counter name dropped drop",
    ),
  );
});

Deno.test("custom policies: the exact text", () => {
  assertEquals(
    rules({ outbound: { tcp: [8080, 443, 80, 443, 81, 82], udp: [], icmp: "block" } }),
    inTable(
      "ct state established,related accept",
      'iifname "ix" accept',
      'oifname != "ix" accept',
      "meta l4proto tcp tcp dport != { 80-82, 443, 8080 } counter name dropped drop",
      "meta l4proto udp counter name dropped drop",
      "meta l4proto { icmp, ipv6-icmp } counter name dropped drop",
    ),
  );
});

Deno.test("the first firewall of a router that runs adopts TCP connections", () => {
  assertEquals(
    rules("block-inbound", true),
    inTable(
      "ct state established,related accept",
      "ct state new tcp flags & (syn | rst) == 0 accept",
      "meta nfproto ipv4 ct status dnat accept",
      'iifname "ix" counter name dropped drop',
    ),
  );
});

function randomConfig(random: () => number): FirewallConfig {
  const maybe = <T>(make: () => T) => random() < 0.6 ? make() : undefined;
  const policy = () => random() < 0.5 ? "allow" as const : "block" as const;
  const port = () => 1 + pick(random, 65_535);
  const ports = (): PortPolicy =>
    random() < 0.3 ? policy() : Array.from({ length: pick(random, 40) }, port);
  return {
    inbound: maybe(policy),
    outbound: maybe(() => ({
      tcp: maybe(ports),
      udp: maybe(ports),
      icmp: maybe(policy),
      other: maybe(policy),
    })),
  };
}

Deno.test("every preset, 50 random configurations and extreme ports load, in place of the one before", () => {
  const random = seeded(20_260_101);
  const all = Array.from({ length: 65_535 }, (_, i) => i + 1);
  const configs: Firewall[] = [
    "block-inbound",
    "corporate",
    "captive-portal",
    ...Array.from({ length: 50 }, () => randomConfig(random)),
    { outbound: { tcp: [1, 65_535], udp: all } },
  ];
  using namespace = Namespace.create();
  namespace.enter(() => {
    for (const firewall of configs) {
      z.parse(firewallSchema, firewall);
      nft(
        "add table inet netyard_firewall\ndelete table inet netyard_firewall\n" +
          (rules(firewall, random() < 0.5) ?? ""),
      );
    }
  });
});

Deno.test("without named counters, the rules just drop", () => {
  assertEquals(
    firewallRuleset(resolveFirewall("block-inbound"), "ix", false, false),
    inTable(
      "ct state established,related accept",
      "meta nfproto ipv4 ct status dnat accept",
      'iifname "ix" drop',
    ).replace("  counter dropped { }\n", ""),
  );
});
