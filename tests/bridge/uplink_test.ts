import { assertEquals } from "@std/assert";
import { parseCidr } from "../../lib/address/mod.ts";
import {
  uplinkHostRules,
  uplinkHostTable,
  uplinkNodeRules,
  uplinkPlaces,
} from "../../lib/bridge/uplink_rules.ts";

const first = (...networks: string[]) =>
  uplinkPlaces(networks.map((cidr) => parseCidr(cidr)))[Symbol.iterator]().next().value;

Deno.test("the first uplink of a host has the first addresses", () => {
  assertEquals(first("0.0.0.0/0", "::/0", "192.168.1.0/24", "fe80::/64"), {
    name: "netyard0",
    v4: { prefix: 30, host: "100.127.192.1", node: "100.127.192.2" },
    v6: { prefix: 126, host: "fd4e:7961:7264::1", node: "fd4e:7961:7264::2" },
  });
});

Deno.test("a place whose addresses overlap a network of the host is skipped", () => {
  const place = first("100.127.192.0/30", "100.127.192.6/32", "fd4e:7961:7264::8/125");
  assertEquals(place?.name, "netyard4");
  assertEquals(place?.v4, { prefix: 30, host: "100.127.192.17", node: "100.127.192.18" });
  assertEquals(first("0.0.0.0/1", "128.0.0.0/1")?.name, "netyard0", "halves of the default route");
  assertEquals(first("100.64.0.0/10"), undefined);
});

Deno.test("all places differ", () => {
  const places = [...uplinkPlaces([])];
  assertEquals(places.length, 4096);
  assertEquals(new Set(places.flatMap(({ v4, v6 }) => [v4.node, v6.node])).size, 2 * 4096);
  assertEquals(places.at(-1)?.v4.host, "100.127.255.253");
  assertEquals(Math.max(...places.map(({ name }) => name.length)) <= 15, true);
});

Deno.test("the bridge's node only accepts replies", () => {
  assertEquals(
    uplinkNodeRules("uplink"),
    `table inet netyard_uplink {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "uplink" ct state established,related accept
    iifname "uplink" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    iifname "uplink" drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "uplink" ct state != { established, related } drop
    iifname "to-*" oifname "uplink" drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "uplink" masquerade
  }
}
`,
  );
});

Deno.test("the host's rules are removed with their socket, and still drop foreign traffic", () => {
  const place = first()!;
  assertEquals(
    uplinkHostRules({ place, switched: { ip: ["eth0", "wlan0"], ip6: ["eth0"] } }),
    `table inet netyard_uplink_0 {
  flags owner;
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "netyard0" oifname "netyard*" drop
    iifname "netyard0" ip saddr != 100.127.192.2 drop
    iifname "netyard0" ip6 saddr != fd4e:7961:7264::2 drop
    oifname "netyard0" ct state != { established, related } drop
    meta nfproto ipv4 iifname { "eth0", "wlan0" } oifname != "netyard*" ct state != { established, related } drop
    meta nfproto ipv6 iifname { "eth0" } oifname != "netyard*" ct state != { established, related } drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 100.127.192.2 masquerade
    ip6 saddr fd4e:7961:7264::2 masquerade
  }
}
`,
  );
});

Deno.test("if the host forwards anyway, the rules only affect the uplink", () => {
  const rules = uplinkHostRules({ place: first()!, switched: { ip: [], ip6: [] } });
  assertEquals(rules.includes("nfproto"), false);
  assertEquals(uplinkHostTable("netyard17"), "netyard_uplink_17");
});
