import { Conversations, decodeFrame, summariseBytes } from "../../lib/packets/mod.ts";
import { ascii, hex, ipv4, ipv6, lines, tcp, u16, udp } from "./kit.ts";

const MACS = "020000000002 020000000001";
const FE80 = "fe80000000000000000000000000000a";
const LENGTH3 = (digits: string) => (digits.length / 2).toString(16).padStart(6, "0");
const plain = (digits: string) => digits.replaceAll(/\s/g, "");

/** Something with its length, in so many bytes, before it. */
function sized(bytes: number, digits: string): string {
  const content = plain(digits);
  return (content.length / 2).toString(16).padStart(2 * bytes, "0") + content;
}

const label = (text: string) => text.split(".").map((part) => sized(1, ascii(part))).join("");

/** A TLS record with one message of a handshake. */
function handshake(type: string, body: string): string {
  const content = plain(body);
  return `16 0301 ${sized(2, type + LENGTH3(content) + content)}`;
}

export const CLIENT_HELLO = handshake(
  "01",
  `0303 ${"ab".repeat(32)} 00 ${sized(2, "1301 1302 c02f")} 0100 ` + sized(
    2,
    `0000 ${sized(2, sized(2, "00" + sized(2, ascii("example.org"))))}` +
      `0010 ${sized(2, sized(2, sized(1, ascii("h2")) + sized(1, ascii("http/1.1"))))}` +
      `002b ${sized(2, sized(1, "0304 0303"))} 000a ${sized(2, sized(2, "001d 0017"))} 0017 0000`,
  ),
);

const QUESTION = `${label("example.org")}00 0001 0001`;
const DHCP = `0101 0600 deadbeef 0000 8000 00000000 00000000 00000000 00000000 020000000001 ` +
  `${"00".repeat(10 + 64 + 128)} 63825363 350101 0c06${ascii("laptop")} 370301030f ff 0000`;

const QUOTED4 = plain(ipv4(17, udp(40000, 9, "616263")).slice(MACS.length + 5));
const QUOTED6 = plain(ipv6(6, tcp(40000, 80, "")).slice(MACS.length + 5));

/** Frames of all protocols, by name, as digits; with a link type if it is not Ethernet. */
export const FRAMES: readonly (readonly [name: string, digits: string, linkType?: number])[] = [
  [
    "an ARP request",
    `${MACS} 0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002`,
  ],
  ["an ARP reply", `${MACS} 0806 0001 0800 0604 0002 020000000001 0a000001 020000000002 0a000002`],
  ["a VLAN tag", `${MACS} 8100 6005 ${ipv4(17, udp(5000, 6000, "61")).slice(MACS.length + 1)}`],
  ["a frame that says its length", `${MACS} 0003 424203`],
  ["an EtherType without a decoder", `${MACS} 88cc 0207`],
  [
    "IPv4 with options",
    `${MACS} 0800 46b80023 0001 4000 0111 0000 0a000001 0a000002 94040000 ${
      udp(5000, 6000, "616263")
    }`,
  ],
  ["padding", `${ipv4(17, udp(5000, 6000, ""))} 0000000000`],
  ["a first fragment", ipv4(17, udp(5000, 6000, "616263")).replace("0001 0000", "0001 2000")],
  ["a later fragment", ipv4(17, "616263").replace("0001 0000", "abcd 0003")],
  [
    "IPv6 extension headers",
    ipv6(
      0,
      `3c00 0502 0000 0100 2c00 0104 00000000 11000001 00000007 ${udp(5000, 6000, "616263")}`,
    ),
  ],
  ["a later fragment of IPv6", ipv6(44, "1100 0008 0000abcd 616263")],
  ["an unknown protocol", ipv4(132, "00010203")],
  ["a ping", ipv4(1, "0800 0000 0001 0007 61626364")],
  ["a port that is unreachable", ipv4(1, `0303 0000 00000000 ${QUOTED4}`)],
  ["a packet that is too large", ipv4(1, `0304 0000 0000 0578 ${QUOTED4}`)],
  ["a ping over IPv6", ipv6(58, "8000 0000 0001 0007 61626364")],
  ["a hop limit that is exceeded", ipv6(58, `0300 0000 00000000 ${QUOTED6}`)],
  ["a neighbor solicitation", ipv6(58, `8700 0000 00000000 ${FE80} 0101 020000000001`)],
  ["a neighbor advertisement", ipv6(58, `8800 0000 e0000000 ${FE80} 0201 020000000001`)],
  ["a router solicitation", ipv6(58, "8500 0000 00000000 0101 020000000001")],
  [
    "a router advertisement",
    ipv6(
      58,
      `8600 0000 40 c0 0708 00000000 00000000 0101 020000000001 ` +
        `0501 0000 000005dc 0304 40c0 00015180 00003840 00000000 fd000000000000000000000000000000 ` +
        `1903 0000 00000708 fd000000000000000000000000000053 2602 0708 0064ff9b 00000000 00000000 ` +
        `1f03 0000 00000708 ${label("lan.test")}00 000000000000`,
    ),
  ],
  ["a multicast listener report", ipv6(58, `8f00 0000 0000 0001 04 00 0000 ${FE80}`)],
  ["a multicast listener query", ipv6(58, `8200 0000 03e8 0000 ${"00".repeat(16)} 02 7d 0000`)],
  [
    "a SYN",
    ipv4(
      6,
      "cf84 01bb 00000064 00000000 a002 faf0 0000 0000 " +
        "020405b4 0402 080a 00000001 00000000 01 030307",
    ),
  ],
  [
    "a SYN, ACK",
    ipv4(
      6,
      "01bb cf84 000003e8 00000065 7012 fe88 0000 0000 020405b4 01 030308",
      "0a000002",
      "0a000001",
    ),
  ],
  ["data of the connection", ipv4(6, "cf84 01bb 00000065 000003e9 5018 01f6 0000 0000 01020304")],
  [
    "a selective acknowledgment",
    ipv4(
      6,
      "01bb cf84 000003e9 00000065 8010 0100 0000 0000 0101 " +
        "050a 00000069 0000006d",
      "0a000002",
      "0a000001",
    ),
  ],
  [
    "a DNS query",
    ipv4(
      17,
      udp(
        40000,
        53,
        `1234 0120 0001 0000 0000 0001 ${QUESTION} ` +
          `00 0029 04d0 00 00 8000 000c 000a 0008 0102030405060708`,
      ),
    ),
  ],
  [
    "a DNS response",
    ipv4(
      17,
      udp(
        53,
        40000,
        `1234 8180 0001 0002 0000 0000 ${QUESTION} ` +
          `c00c 0005 0001 0000003c 0006 ${sized(1, ascii("www"))} c00c ` +
          `c029 0001 0001 0000003c 0004 5db8d822`,
      ),
    ),
  ],
  [
    "DNS of other kinds",
    ipv4(
      17,
      udp(
        53,
        40000,
        `0001 8403 0000 0006 0000 0000 ` +
          `${label("a.b")}00 000f 0001 00000001 ${sized(2, `000a ${label("m")}c00c`)} ` +
          `c00c 0021 0001 00000001 ${sized(2, `0001 0002 1f90 ${label("s")}00`)} ` +
          `c00c 0010 0001 00000001 ${sized(2, sized(1, ascii("v=1")) + sized(1, "1b5b"))} ` +
          `c00c 001c 0001 00000001 0010 ${FE80} ` +
          `c00c 000c 0001 00000001 ${sized(2, `${label("p")}00`)} ` +
          `c00c 0006 0001 00000001 ${
            sized(
              2,
              `${label("ns")}00 ${label("me")}00 00000001 00000002 00000003 00000004 00000005`,
            )
          }`,
      ),
    ),
  ],
  [
    "a DNS name that loops",
    ipv4(17, udp(53, 40000, `0001 0100 0001 0000 0000 0000 01 61 c00c 0001 0001`)),
  ],
  ["DNS over TCP", ipv4(6, tcp(40000, 53, sized(2, `1234 0100 0001 0000 0000 0000 ${QUESTION}`)))],
  ["DHCP", ipv4(17, udp(68, 67, DHCP))],
  [
    "DHCPv6",
    ipv6(
      17,
      udp(
        546,
        547,
        `01 abcdef 0001 000a 00030001 020000000001 0006 0004 0017 0018 ` +
          `0008 0002 000a 0019 0029 00000001 00000e10 00001518 001a 0019 00000e10 00001c20 38 ` +
          `20010db8400000000000000000000000`,
      ),
    ),
  ],
  [
    "a relayed DHCPv6",
    ipv6(17, udp(547, 547, `0c 00 ${FE80} ${FE80} 0009 000e 01 000001 0008 0002 0000 000e 0000`)),
  ],
  ["a ClientHello", ipv4(6, tcp(40000, 443, CLIENT_HELLO))],
  [
    "a ServerHello and what follows",
    ipv4(
      6,
      tcp(
        443,
        40000,
        handshake("02", `0303 ${"cd".repeat(32)} 00 1301 00 ${sized(2, "002b 0002 0304")}`) +
          `140303000101 1703030005 0102030405`,
      ),
    ),
  ],
  ["a TLS alert", ipv4(6, tcp(443, 40000, "15 0303 0002 0228"))],
  ["TLS that continues elsewhere", ipv4(6, tcp(443, 40000, "17 0303 0100 0102"))],
  [
    "a QUIC Initial",
    ipv4(
      17,
      udp(
        40000,
        443,
        `c3 00000001 08 0102030405060708 04 0a0b0c0d 02 ffff ` +
          `4010 ${"00".repeat(16)} e3 00000001 08 0102030405060708 04 0a0b0c0d 04 01020304`,
      ),
    ),
  ],
  [
    "a QUIC Retry of version 2",
    ipv4(17, udp(443, 40000, `c0 6b3343cf 00 04 0a0b0c0d 616263 ${"11".repeat(16)}`)),
  ],
  [
    "QUIC version negotiation",
    ipv4(17, udp(443, 40000, "80 00000000 01 aa 01 bb 00000001 6b3343cf")),
  ],
  ["a short header of QUIC", ipv4(17, udp(40000, 443, `60 ${"22".repeat(24)}`))],
  [
    "an HTTP request",
    ipv4(6, tcp(40000, 8080, ascii("GET /x?\x1b[1m HTTP/1.1\r\nHost: a.test\r\nX:1\r\n\r\nbody"))),
  ],
  ["an HTTP response", ipv4(6, tcp(8080, 40000, ascii("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")))],
  [
    "a STUN request",
    ipv4(
      17,
      udp(40000, 3478, `0001 000c 2112a442 ${"01".repeat(12)} 8022 0005 ${ascii("tests")}000000`),
    ),
  ],
  [
    "a STUN response",
    ipv4(
      17,
      udp(
        3478,
        40000,
        `0101 0024 2112a442 ${"01".repeat(12)} ` +
          `0020 0008 0001 ${u16(40000 ^ 0x2112)} e712a443 0020 0014 0002 ${u16(40000 ^ 0x2112)} ` +
          `dc12a443 ${"01".repeat(11)}02`,
      ),
    ),
  ],
  [
    "a STUN error",
    ipv4(
      17,
      udp(
        3478,
        40000,
        `0113 000c 2112a442 ${"01".repeat(12)} 0009 0008 0000 0401 ${ascii("Unau")}`,
      ),
    ),
  ],
  [
    "NTP",
    ipv4(
      17,
      udp(
        40000,
        123,
        `23 02 06 ec 00000100 00000200 0a000001 ${"00".repeat(24)} e9000000 80000000`,
      ),
    ),
  ],
  [
    "a handshake of WireGuard",
    ipv4(17, udp(51820, 51820, `01000000 78563412 ${"00".repeat(140)}`)),
  ],
  [
    "data of WireGuard",
    ipv4(17, udp(51820, 51820, `04000000 78563412 0500000000000000 ${"00".repeat(32)}`)),
  ],
  [
    "Linux SLL",
    `0000 0001 0006 020000000001 0000 ${ipv4(17, udp(5000, 6000, "61")).slice(MACS.length + 1)}`,
    113,
  ],
  [
    "Linux SLL2",
    `0800 0000 00000002 0001 04 06 020000000001 0000 ${
      ipv4(17, udp(5000, 6000, "61")).slice(MACS.length + 6)
    }`,
    276,
  ],
  ["raw IP", ipv4(17, udp(5000, 6000, "61")).slice(MACS.length + 6), 101],
  ["another link type", "0102", 147],
  ["a header that is cut off", ipv4(17, "").slice(0, MACS.length + 20)],
];

/** All frames as text: bytes, summary, tree. */
export function framesText(): string {
  const conversations = new Conversations();
  return FRAMES.map(([name, digits, linkType = 1]) => {
    const bytes = hex(digits);
    const summary = summariseBytes(bytes, linkType, bytes.length, conversations);
    const { protocol, source, destination, info, protocols, vlan } = summary;
    return [
      `# ${name}`,
      `${protocol} | ${source} | ${destination} | ${info} | ${protocols.join(" ")}${
        vlan < 0 ? "" : ` | VLAN ${vlan}`
      }`,
      ...lines(decodeFrame(bytes, linkType)),
    ].join("\n");
  }).join("\n\n") + "\n";
}
