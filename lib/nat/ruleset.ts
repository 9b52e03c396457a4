import type { EndpointDependence, ResolvedNat } from "./config.ts";

/** Where a NAT stands. */
export interface NatPlace {
  /** The interface towards the Internet, for example `ix`. */
  uplink: string;
  /** The external IPv4 address. */
  ip: string;
  /** Chooses the external ports that are not preserved. */
  seed: number;
  /** Whether this kernel matches open sockets (nft_socket); nearly all do. Default true. */
  socketMatch?: boolean;
}

/** The table that holds a router's IPv4 NAT. */
export const NAT_TABLE = "netyard_nat";

// No size: nft(8) then allows 65,535 elements, and the kernel grows the table as they come. A size
// that is written makes it take and clear a megabyte at once.
const DYNAMIC = "flags dynamic,timeout;";
/** Ports tried, one after the other, when the preserved one is taken. */
const ATTEMPTS = 5;
/** Marks a flow that a host inside started to an external address of the router itself. */
const HAIRPIN_MARK = "0x4e59";
/** The longest time that conntrack gives a TCP connection that is not established. */
const TCP_TRANSITORY_SECS = 120;

const PROTOCOLS = ["udp", "tcp"] as const;
type Protocol = (typeof PROTOCOLS)[number];
const PORTS = "meta l4proto { tcp, udp }";
const INTERNAL = "ct original ip saddr . ct original proto-src";

/**
 * The nftables text of a router's IPv4 NAT.
 *
 * Linux alone does not give endpoint-independent mappings: conntrack lets two
 * hosts share an external port towards different destinations and moves one of
 * them when they meet. So mappings are kept in maps of their own, one of each
 * for UDP and for TCP:
 *
 * - `out`: internal address and port (and, for dependent mappings, the
 *   destination) to external port; read for the first packet of each flow.
 * - `taken`: external ports in use. Claiming one is an atomic test-and-set:
 *   the element carries a limit that lets one packet a day pass.
 * - `in`: external port to internal address and port, where strangers may enter.
 * - `contacted`: external port and remote address, for address-dependent filtering.
 *
 * Every later packet of a flow renews them for as long as conntrack keeps the
 * flow. Address-and-port-dependent filtering needs no map: only packets that
 * conntrack knows as answers pass.
 *
 * Source: nft(8); RFC 4787; RFC 5382.
 */
export function natRuleset(nat: ResolvedNat, place: NatPlace): string {
  return isPlainSymmetric(nat) ? symmetricTable(place) : mappedTable(nat, place);
}

/** Random ports for each flow and answers only: what conntrack does by itself. */
function isPlainSymmetric(nat: ResolvedNat): boolean {
  return nat.mapping === "address-and-port-dependent" && !nat.portPreservation && !nat.hairpin &&
    nat.filtering === "address-and-port-dependent";
}

function symmetricTable(place: NatPlace): string {
  const out = `oifname "${place.uplink}" ip saddr != ${place.ip}`;
  return table([
    ...chain("postrouting", "type nat hook postrouting priority srcnat; policy accept;", [
      `${out} ${PORTS} snat to ${place.ip} fully-random`,
      `${out} snat to ${place.ip}`,
    ]),
    ...unsolicited(place),
  ]);
}

function mappedTable(nat: ResolvedNat, place: NatPlace): string {
  const entering = nat.filtering !== "address-and-port-dependent" || nat.hairpin;
  const key = mappingKey(nat.mapping);
  return table([
    ...PROTOCOLS.map((p) => `map out_${p} { type ${key.types} : inet_service; ${DYNAMIC} }`),
    ...PROTOCOLS.map((p) => `set taken_${p} { type inet_service; ${DYNAMIC} }`),
    ...entering
      ? PROTOCOLS.map((p) =>
        `map in_${p} { type inet_service : ipv4_addr . inet_service; ${DYNAMIC} }`
      )
      : [],
    ...nat.filtering === "address-dependent"
      ? PROTOCOLS.map((p) => `set contacted_${p} { type inet_service . ipv4_addr; ${DYNAMIC} }`)
      : [],
    ...PROTOCOLS.flatMap((p) =>
      chain(`translate_${p}`, undefined, translate(p, nat, place, key.fields))
    ),
    ...chain(
      "postrouting",
      "type nat hook postrouting priority srcnat; policy accept;",
      [
        ...PROTOCOLS.map((p) =>
          `oifname "${place.uplink}" ip saddr != ${place.ip} meta l4proto ${p} goto translate_${p}`
        ),
        `oifname "${place.uplink}" ip saddr != ${place.ip} snat to ${place.ip}`,
        ...nat.hairpin
          ? PROTOCOLS.map((p) =>
            `ct mark ${HAIRPIN_MARK} ct status dnat meta l4proto ${p} goto translate_${p}`
          )
          : [],
      ],
    ),
    ...entering
      ? chain(
        "prerouting",
        "type nat hook prerouting priority dstnat; policy accept;",
        prerouting(nat, place),
      )
      : [],
    ...renewal(nat, key.fields, entering),
    ...unsolicited(place),
  ]);
}

interface MappingKey {
  types: string;
  fields: string;
}

function mappingKey(mapping: EndpointDependence): MappingKey {
  const types = ["ipv4_addr", "inet_service"];
  const fields = [INTERNAL];
  if (mapping !== "endpoint-independent") {
    types.push("ipv4_addr");
    fields.push("ct original ip daddr");
  }
  if (mapping === "address-and-port-dependent") {
    types.push("inet_service");
    fields.push("ct original proto-dst");
  }
  return { types: types.join(" . "), fields: fields.join(" . ") };
}

/** The first packet of a flow: the mapping that is there, the same port, or a drawn one. */
function translate(
  protocol: Protocol,
  nat: ResolvedNat,
  place: NatPlace,
  fields: string,
): string[] {
  const match = `meta l4proto ${protocol}`;
  const claim = (port: string) =>
    `${match} add @taken_${protocol} { ${port} timeout ${nat.timeouts.udpSecs}s ${ONCE} } ` +
    `snat to ${place.ip}:${port}`;
  const drawn = Array.from(
    { length: ATTEMPTS },
    (_, i) => claim(`jhash ${fields} mod 64512 seed ${(place.seed + i) >>> 0} offset 1024`),
  );
  return [
    `${match} snat to ${place.ip}:${fields} map @out_${protocol}`,
    ...nat.portPreservation ? [claim(`${protocol} sport`)] : [],
    ...drawn,
    "drop",
  ];
}

const ONCE = "limit rate 1/day burst 1 packets";

function prerouting(nat: ResolvedNat, place: NatPlace): string[] {
  return PROTOCOLS.flatMap((p) => {
    const match = `ip daddr ${place.ip} meta l4proto ${p}`;
    const enter = `dnat ip to ${p} dport map @in_${p}`;
    const rules: string[] = [];
    if (nat.filtering !== "address-and-port-dependent") {
      const known = nat.filtering === "address-dependent"
        ? ` ${p} dport . ip saddr @contacted_${p}`
        : "";
      rules.push(`iifname "${place.uplink}" ${match}${known} ${enter}`);
    }
    if (nat.hairpin) {
      // Hosts inside are no strangers: their packets are not filtered.
      rules.push(`iifname != "${place.uplink}" ${match} ct mark set ${HAIRPIN_MARK} ${enter}`);
    }
    return rules;
  });
}

/** Keeps a mapping alive as long as conntrack keeps a flow of it. */
function renewal(nat: ResolvedNat, fields: string, entering: boolean): string[] {
  const outward = (protocol: Protocol, secs: number) => {
    const port = "ct reply proto-dst";
    return [
      `update @out_${protocol} { ${fields} timeout ${secs}s : ${port} }`,
      ...entering ? [`update @in_${protocol} { ${port} timeout ${secs}s : ${INTERNAL} }`] : [],
      ...nat.filtering === "address-dependent"
        ? [`update @contacted_${protocol} { ${port} . ct original ip daddr timeout ${secs}s }`]
        : [],
      // Last: its limit ends the rule for all but the packet that made the element.
      `update @taken_${protocol} { ${port} timeout ${secs}s ${ONCE} }`,
    ].join(" ");
  };
  const inward = (protocol: Protocol, secs: number) => {
    const port = "ct original proto-dst";
    const internal = "ct reply ip saddr . ct reply proto-src";
    const remote = nat.mapping === "endpoint-independent"
      ? ""
      : nat.mapping === "address-dependent"
      ? " . ct original ip saddr"
      : " . ct original ip saddr . ct original proto-src";
    return [
      `update @out_${protocol} { ${internal}${remote} timeout ${secs}s : ${port} }`,
      `update @in_${protocol} { ${port} timeout ${secs}s : ${internal} }`,
      `update @taken_${protocol} { ${port} timeout ${secs}s ${ONCE} }`,
    ].join(" ");
  };
  const chains = [
    ...chain("renew", undefined, byLifetime(nat, outward)),
    ...chain(
      "remember",
      "type filter hook postrouting priority srcnat + 10; policy accept;",
      [
        `${PORTS} ct status snat goto renew`,
        ...entering ? [`${PORTS} ct status dnat goto renew_entered`] : [],
      ],
    ),
  ];
  return entering
    ? [...chain("renew_entered", undefined, byLifetime(nat, inward)), ...chains]
    : chains;
}

/** One rule for each lifetime that conntrack gives: what it does, by the time that is left. */
function byLifetime(
  nat: ResolvedNat,
  update: (protocol: Protocol, secs: number) => string,
): string[] {
  const { udpSecs, udpStreamSecs, tcpEstablishedSecs } = nat.timeouts;
  const udp = [
    `meta l4proto udp ct status assured ${update("udp", udpStreamSecs)} return`,
    `meta l4proto udp ct status ! assured ${update("udp", udpSecs)} return`,
  ];
  if (tcpEstablishedSecs <= TCP_TRANSITORY_SECS) {
    return [...udp, `meta l4proto tcp ${update("tcp", tcpEstablishedSecs)}`];
  }
  return [
    ...udp,
    `meta l4proto tcp ct expiration > ${TCP_TRANSITORY_SECS}s ${update("tcp", tcpEstablishedSecs)}`,
    `meta l4proto tcp ct expiration <= ${TCP_TRANSITORY_SECS}s ${
      update("tcp", TCP_TRANSITORY_SECS)
    }`,
  ];
}

/**
 * A packet from outside that no mapping takes ends at the router. Were it let
 * in, conntrack would remember it, and a host inside that sends to the same
 * peer from the same port a moment later would be moved to another port: hole
 * punching would fail. So it is dropped, unless a program on the router listens.
 */
function unsolicited(place: NatPlace): string[] {
  const fresh = `iifname "${place.uplink}" ip daddr ${place.ip} ct state new ${PORTS}`;
  return chain(
    "input",
    "type filter hook input priority filter; policy accept;",
    place.socketMatch === false
      ? PROTOCOLS.map((p) => `${fresh} meta l4proto ${p} ${p} dport @taken_${p} drop`)
      : [`${fresh} socket wildcard { 0, 1 } accept`, `${fresh} drop`],
  );
}

function chain(name: string, hook: string | undefined, rules: string[]): string[] {
  return [`chain ${name} {`, ...(hook ? [hook, ...rules] : rules).map((r) => `  ${r}`), "}"];
}

function table(lines: string[]): string {
  return [`table ip ${NAT_TABLE} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}
