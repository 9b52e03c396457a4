import { assert, assertEquals, assertThrows } from "@std/assert";
import { filter, FilterError, parseFilter, summariseBytes } from "../../lib/packets/mod.ts";
import { FRAMES } from "./frames.ts";
import { hex, random } from "./kit.ts";

const SUBJECTS = FRAMES.map(([name, digits, linkType = 1], index) => ({
  name,
  summary: summariseBytes(hex(digits), linkType),
  node: index % 2 ? "laptop" : "home",
  interface: index % 2 ? "eth0" : "wan",
}));

/** The names of the frames that pass. */
const passing = (text: string) => SUBJECTS.filter(filter(text)).map(({ name }) => name);

Deno.test("protocols, hosts, ports, places and texts are found", () => {
  assertEquals(passing("arp"), ["an ARP request", "an ARP reply"]);
  assertEquals(passing('arp and "who has"'), ["an ARP request"]);
  assertEquals(passing("ntp or quic && not src port 443"), [
    "a QUIC Initial",
    "a short header of QUIC",
    "NTP",
  ]);
  assertEquals(passing("tcp src host 10.0.0.2"), ["a SYN, ACK", "a selective acknowledgment"]);
  assertEquals(passing("dst 10.0.0.1 tcp"), passing("tcp and dst host 10.0.0.1"));
  assertEquals(passing("dns dst port 53"), ["a DNS query", "DNS over TCP"]);
  assertEquals(passing("port 51820-51821"), ["a handshake of WireGuard", "data of WireGuard"]);
  assertEquals(passing("vlan"), ["a VLAN tag"]);
  assertEquals(passing("vlan 5"), ["a VLAN tag"]);
  assertEquals(passing("vlan 6"), []);
  assertEquals(passing("net fd00::/16 and icmp6").length, 8);
  assertEquals(passing("icmp6 and not net fd00::/16"), []);
  assertEquals(passing("src net 10.0.0.0/31 arp"), ["an ARP request", "an ARP reply"]);
  assertEquals(passing("fd00::0:1").length, passing("host fd00::1").length);
  assertEquals(passing("10.0.0.0/8").length, passing("net 10.0.0.0/8").length);
  assertEquals(passing('"SNI=EXAMPLE"'), ["a ClientHello"]);
  assertEquals(passing("node laptop arp"), ["an ARP reply"]);
  assertEquals(passing("interface home/wan ARP"), ["an ARP request"]);
  assertEquals(passing("interface eth0 and arp"), ["an ARP reply"]);
  assertEquals(passing('node "no such"'), []);
  assertEquals(passing("fragment").length, 4);
  assertEquals(passing("").length, FRAMES.length);
});

Deno.test("and binds closer than or, and not closer than both; blanks are and", () => {
  const p = (protocol: string) => ({ kind: "protocol", protocol }) as never;
  assertEquals(parseFilter("tcp or udp dns"), {
    kind: "or",
    terms: [p("tcp"), { kind: "and", terms: [p("udp"), p("dns")] }],
  });
  assertEquals(parseFilter("(tcp || udp) && !dns"), {
    kind: "and",
    terms: [{ kind: "or", terms: [p("tcp"), p("udp")] }, { kind: "not", term: p("dns") }],
  });
  assertEquals(parseFilter("not not tcp"), p("tcp"));
  assertEquals(parseFilter("NOT TCP"), { kind: "not", term: p("tcp") });
  assertEquals(parseFilter('"a \\"b\\\\"'), { kind: "text", text: 'a "b\\' });
  assertEquals(parseFilter("   "), undefined);
});

Deno.test("what is no filter is refused, with its position and what was expected", () => {
  const cases: [text: string, position: number, length: number, message: string][] = [
    ["tcp and", 7, 0, "expected a protocol (tcp, udp, icmp, arp, dns, …), host, net, port, src"],
    ["foo", 0, 3, 'any other text goes in quotes, found "foo"'],
    ["tcp foo", 4, 3, "at character 5 of the filter"],
    ["(tcp", 4, 0, "expected and, or, a term or ), found the end"],
    ["tcp)", 3, 1, 'expected and, or, a term or the end, found ")"'],
    ["host example.org", 5, 11, 'expected an IP address, found "example.org"'],
    ["host", 4, 0, "expected an IP address, found the end"],
    ["src tcp", 4, 3, 'expected host, net, port or an address, found "tcp"'],
    ["port 70000", 5, 5, 'expected a port from 0 to 65535, found "70000"'],
    ["port 20-10", 5, 5, "expected a port from 0 to 65535"],
    ["net 10.0.0.1/8", 4, 10, "expected a block of addresses like 10.0.0.0/8"],
    ["net 192.168.1.7/24", 4, 14, "expected a block of addresses like 192.168.1.0/24"],
    ['tcp "open', 4, 5, 'expected a closing ", found the end'],
    ["tcp & udp", 4, 1, 'expected a term, && or ||, found "&"'],
    ["node", 4, 0, "expected the name of a node, found the end"],
    ["interface and", 10, 3, "expected the name of an interface"],
    ["or tcp", 0, 2, "expected a protocol"],
    ["constructor", 0, 11, "expected a protocol"],
    ["src constructor", 4, 11, "expected host, net"],
  ];
  for (const [text, position, length, message] of cases) {
    const error = assertThrows(() => parseFilter(text), FilterError, message);
    assertEquals([error.position, error.length], [position, length], text);
  }
});

Deno.test("long and deep filters are read in linear time, or refused", () => {
  const text = `tcp ${"or (udp) ".repeat(400)}`;
  assert(filter(text)(SUBJECTS.find(({ name }) => name === "a SYN")!));
  parseFilter("! ".repeat(2000) + "tcp");
  parseFilter("(".repeat(100) + "tcp" + ")".repeat(100));
  assertThrows(() => parseFilter("(".repeat(101) + "tcp"), FilterError, "at most 100 parentheses");
  assertThrows(() => parseFilter("tcp ".repeat(2000)), FilterError, "at most 4096 characters");
});

Deno.test("random filters are read or refused with a FilterError, and never anything else", () => {
  const chance = random(3);
  const words = [
    "tcp",
    "and",
    "or",
    "not",
    "(",
    ")",
    "host",
    "10.0.0.1",
    "port",
    "53",
    '"x"',
    "src",
  ];
  for (let round = 0; round < 5000; round++) {
    const length = Math.floor(chance() * 10);
    const text = Array.from(
      { length },
      () =>
        chance() < 0.05
          ? String.fromCharCode(32 + chance() * 95)
          : words[Math.floor(chance() * words.length)],
    ).join(" ");
    try {
      SUBJECTS.filter(filter(text));
    } catch (error) {
      assert(error instanceof FilterError, `${text}: ${error}`);
      assert(error.position >= 0 && error.position + error.length <= text.length, text);
    }
  }
});
