import { assert, assertEquals } from "@std/assert";
import {
  Conversations,
  decodeFrame,
  type Frame,
  type PacketNode,
  type PacketSummary,
  readCapture,
  summarise,
} from "../../lib/packets/mod.ts";
import { realTraffic } from "./traffic.ts";

/** What tshark says about each packet of a file, by field. */
async function tshark(file: Uint8Array, fields: readonly string[]): Promise<string[][]> {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(path, file);
    // Names of ports would stand in place of numbers.
    const args = ["-n", "-r", path, "-T", "fields", "-E", "occurrence=f"];
    const { success, stdout, stderr } = await new Deno.Command("tshark", {
      args: [...args, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"].concat(
        ["-o", "tcp.desegment_tcp_streams:FALSE"],
        fields.flatMap((field) => ["-e", field]),
      ),
    }).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return decoder.decode(stdout).trimEnd().split("\n").map((line) => line.split("\t"));
  } finally {
    await Deno.remove(path);
  }
}

/** The value of the first node of a label, within those of the labels before; empty without one. */
function find(nodes: readonly PacketNode[], label: string, ...rest: string[]): string {
  for (const { label: own, value, children = [] } of nodes) {
    if (own === label && rest.length === 0) return value ?? "";
    const [next, ...others] = own === label ? rest : [label, ...rest];
    const found = find(children, next, ...others);
    if (found) return found;
  }
  return "";
}

/** The number in brackets, or all. */
const number = (text: string) => /\((\w+)\)$/.exec(text)?.[1] ?? text;

type Packet = { frame: Frame; summary: PacketSummary; tree: PacketNode[] };

/** Fields of tshark, and the same of ours; where tshark has none, ours is not looked at. */
const FIELDS: Readonly<Record<string, (packet: Packet) => string>> = {
  "frame.len": ({ frame }) => String(frame.length),
  "eth.src": ({ tree }) => find(tree, "Ethernet", "Source"),
  "eth.type": ({ tree }) => number(find(tree, "Ethernet", "Type")),
  "arp.src.proto_ipv4": ({ tree }) => find(tree, "ARP", "Sender IP"),
  "ip.src": ({ summary }) => summary.source,
  "ip.dst": ({ summary }) => summary.destination,
  "ip.ttl": ({ tree }) => find(tree, "IPv4", "TTL"),
  "ip.id": ({ tree }) => find(tree, "IPv4", "Identification"),
  "ip.checksum": ({ tree }) => find(tree, "IPv4", "Header checksum"),
  "ipv6.src": ({ summary }) => summary.source,
  "ipv6.dst": ({ summary }) => summary.destination,
  "ipv6.hlim": ({ tree }) => find(tree, "IPv6", "Hop limit"),
  "ipv6.fraghdr.ident": ({ tree }) => find(tree, "IPv6 fragment header", "Identification"),
  "icmp.type": ({ tree }) => number(find(tree, "ICMP", "Type")),
  "icmp.code": ({ tree }) => number(find(tree, "ICMP", "Code")),
  "icmpv6.type": ({ tree }) => number(find(tree, "ICMPv6", "Type")),
  "icmpv6.nd.ns.target_address": ({ tree }) => find(tree, "ICMPv6", "Target"),
  "udp.srcport": ({ tree }) => find(tree, "Source port"),
  "udp.length": ({ tree }) => find(tree, "UDP", "Length"),
  "tcp.srcport": ({ tree }) => find(tree, "TCP", "Source port"),
  "tcp.seq_raw": ({ tree }) => find(tree, "TCP", "Sequence number"),
  "tcp.ack_raw": ({ tree }) => find(tree, "TCP", "Acknowledgment number"),
  "tcp.window_size_value": ({ tree }) => find(tree, "TCP", "Window"),
  "dns.id": ({ tree }) => find(tree, "DNS", "Identifier"),
  "dns.qry.name": ({ tree }) => find(tree, "Question", "Name"),
  "dns.a": ({ tree }) => find(tree, "Record", "Address"),
  "http.request.uri": ({ summary }) => summary.info.split(" ")[1],
  "http.response.code": ({ summary }) => summary.info.split(" ")[1],
  "tls.record.version": ({ tree }) => number(find(tree, "TLS", "Record", "Version")),
  "tls.handshake.extensions_server_name": ({ tree }) => find(tree, "Server name"),
  "tls.handshake.random": ({ tree }) => find(tree, "Random"),
  "quic.dcid": ({ tree }) => find(tree, "DCID"),
  "quic.version": ({ tree }) => number(find(tree, "Long header", "Version")),
  "stun.id": ({ tree }) => find(tree, "Transaction ID"),
  "wg.sender": ({ tree }) => find(tree, "Sender"),
  "dhcpv6.msgtype": ({ tree }) => number(find(tree, "DHCPv6", "Message")),
  "dhcpv6.xid": ({ tree }) => find(tree, "DHCPv6", "Transaction ID"),
  "dhcpv6.iaprefix.pref_addr": ({ tree }) => find(tree, "Prefix", "Value", "Prefix"),
};

/** Numbers may be written with leading zeros, or not. */
function same(value: string): string {
  if (/^0x[\da-f]+$/i.test(value)) return String(Number(value));
  return value.replaceAll(/[:](?=[\da-f]{2}(:|$))/g, ":");
}

Deno.test("real traffic is read as tshark reads it, field by field", async () => {
  const file = await realTraffic();
  const names = Object.keys(FIELDS);
  const theirs = await tshark(file, ["_ws.col.Protocol", "_ws.col.Info", ...names]);
  const { frames, fault } = readCapture(file);
  assertEquals(fault, undefined);
  assertEquals(theirs.length, frames.length);
  const conversations = new Conversations();
  const wrong: string[] = [];
  const compared = new Set<string>();
  frames.forEach((frame, index) => {
    const summary = summarise(frame, conversations);
    const packet = { frame, summary, tree: decodeFrame(frame.data, frame.interface.linkType) };
    const [protocol, info, ...values] = theirs[index];
    names.forEach((name, at) => {
      if (!values[at]) return;
      compared.add(name);
      const ours = FIELDS[name](packet);
      if (same(ours) === same(values[at])) return;
      wrong.push(`${index + 1} ${name}: ${ours}, where tshark has ${values[at]} (${info})`);
    });
    const bare = info.replace(/^\[[^\]]*\] ?/, "");
    // The lines of these are as Wireshark's, also to the letter.
    if (summary.protocol === "TCP" || summary.protocol === "ARP" || summary.protocol === "DNS") {
      compared.add(`info of ${summary.protocol}`);
      if (bare !== summary.info) {
        wrong.push(`${index + 1}: ${summary.info}, where tshark has ${bare}`);
      }
    }
    if (!protocol.toLowerCase().startsWith(summary.protocol.toLowerCase())) {
      compared.add("protocol");
      if (!/^(IP|UDP|ICMP|TCP|TLS)/.test(protocol)) {
        wrong.push(`${index + 1}: ${summary.protocol}, where tshark has ${protocol}`);
      }
    }
  });
  assertEquals(wrong, []);
  // All that the traffic is made for is in it.
  const missing = [...names, "info of TCP", "info of ARP", "info of DNS"].filter((name) =>
    !compared.has(name)
  );
  assertEquals(missing, []);
});
