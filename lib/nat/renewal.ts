import type { ResolvedNat } from "./config.ts";
import { tcpLifetimes, udpLifetimes } from "./lifetimes.ts";
import {
  canEnter,
  chain,
  type FamilyWords,
  INTERNAL,
  mappingKey,
  ONCE,
  type Protocol,
  PROTOCOLS,
} from "./parts.ts";

/** A flow as the rules see it: the expressions for its port, its endpoints and its key of `out`. */
interface Direction {
  /** The external port. */
  port: string;
  /** The internal endpoint. */
  internal: string;
  /** The key of `out`. */
  key: string;
  /** The external address that filtering lets in. */
  contacted: string;
  /** Matches the packets by which the internal host contacts that address; empty for all. */
  wanted: string;
}

/** A mapping or a filter that lives as long as the flows of its element. */
interface Kept {
  element: string;
  /** The ending of the names of the sets that count the flows of the element. */
  sets: string;
  /** Matches the packets that renew it; empty for all. */
  when: string;
  update: (secs: number) => string;
}

const OUTGOING = {
  port: "ct reply proto-dst",
  internal: INTERNAL,
  contacted: "ct original ip daddr",
  wanted: "",
};

const INCOMING = {
  port: "ct original proto-dst",
  internal: "ct reply ip saddr . ct reply proto-src",
  contacted: "ct reply ip daddr",
  // Otherwise an external host that was let in once could keep the filter open by itself.
  wanted: "ct direction reply ",
};

/**
 * Returns the chains that renew a mapping for as long as conntrack keeps one of its flows. They
 * see every outgoing packet, so they are short: one or two rules each, and one lookup in each set.
 * `counting` says whether the kernel counts connections (nft_connlimit).
 */
export function renewal(nat: ResolvedNat, counting: boolean, words: FamilyWords): string[] {
  const { outward, inward } = mappingKey(nat.mapping, words);
  const entering = canEnter(nat);
  const renew = (p: Protocol, name: string, flow: Direction) =>
    p === "udp"
      ? chain(`renew_${name}`, undefined, kept(p, nat, flow).flatMap((it) => renewUdp(nat, it)))
      : renewTcp(name, nat, kept(p, nat, flow), counting);
  return [
    ...PROTOCOLS.flatMap((p) => [
      ...renew(p, p, { ...OUTGOING, key: outward }),
      ...entering ? renew(p, `entered_${p}`, { ...INCOMING, key: inward }) : [],
    ]),
    ...chain("remember", "type filter hook postrouting priority srcnat + 10; policy accept;", [
      // A hairpinned flow renews the mappings of both its ends.
      ...entering
        ? PROTOCOLS.map((p) => `meta l4proto ${p} ct status dnat jump renew_entered_${p}`)
        : [],
      ...PROTOCOLS.map((p) => `meta l4proto ${p} ct status snat goto renew_${p}`),
    ]),
  ];
}

function kept(protocol: Protocol, nat: ResolvedNat, flow: Direction): Kept[] {
  const { port, internal, key, contacted, wanted } = flow;
  const pair = `${port} . ${contacted}`;
  const filter = {
    element: pair,
    sets: `contacted_${protocol}`,
    when: wanted,
    update: (secs: number) => `update @contacted_${protocol} { ${pair} timeout ${secs}s }`,
  };
  const mapping = {
    element: port,
    sets: protocol,
    when: "",
    update: (secs: number) =>
      [
        `update @out_${protocol} { ${key} timeout ${secs}s : ${port} }`,
        ...canEnter(nat)
          ? [`update @in_${protocol} { ${port} timeout ${secs}s : ${internal} }`]
          : [],
        // Last: its limit ends the rule for all packets but the one that added the element.
        `update @taken_${protocol} { ${port} timeout ${secs}s ${ONCE} }`,
      ].join(" "),
  };
  return nat.filtering === "address-dependent" ? [filter, mapping] : [mapping];
}

// nft needs the protocol to know where the port is.
const UDP = "meta l4proto udp";
const TCP = "meta l4proto tcp";

/**
 * A port can have flows of both lifetimes, and the longer counts: while `lasting` has the element, a
 * flow of the shorter lifetime does not renew the mapping.
 */
function renewUdp(nat: ResolvedNat, { element, sets, when, update }: Kept): string[] {
  const lifetimes = udpLifetimes(nat);
  if (!lifetimes) return [`${UDP} ${when}${update(nat.timeouts.udpSecs)}`];
  const { longer, shorter, status } = lifetimes;
  const last = `update @lasting_${sets} { ${element} timeout ${longer - shorter}s }`;
  return [
    `${UDP} ${when}${status} ${last} ${update(longer)}`,
    `${UDP} ${when}${element} != @lasting_${sets} ${update(shorter)}`,
  ];
}

/**
 * As for UDP, but the end of the last connection removes the element from `lasting`, so that its
 * port is free after two minutes, not two hours.
 */
function renewTcp(name: string, nat: ResolvedNat, kept: Kept[], counting: boolean): string[] {
  const lifetimes = tcpLifetimes(nat);
  if (!lifetimes) {
    const { tcpEstablishedSecs } = nat.timeouts;
    const rules = kept.map(({ when, update }) => `${TCP} ${when}${update(tcpEstablishedSecs)}`);
    return chain(`renew_${name}`, undefined, rules);
  }
  const { longer, shorter } = lifetimes;
  const keep = kept.map(({ element, sets, when, update }) => {
    const last = `update @lasting_${sets} { ${element} timeout ${longer - shorter}s } `;
    return `${TCP} ${when}${counting ? last : ""}${update(longer)}`;
  });
  return [
    ...chain(`keep_${name}`, undefined, keep),
    ...chain(`renew_${name}`, undefined, [
      // Checks the state too: the expiration of a new flow is not set yet and can be any number.
      `${TCP} ct state established ct expiration > ${shorter}s goto keep_${name}`,
      ...kept.flatMap((it) => [
        ...counting ? untilLast(it) : [],
        `${TCP} ${it.when}${counting ? `${it.element} != @lasting_${it.sets} ` : ""}` +
        it.update(shorter),
      ]),
    ]),
  ];
}

/**
 * Returns rules that count the connections of an element, and end its longer lifetime when the last
 * connection ends.
 *
 * A connection is counted when it is new, or never: the kernel assumes that one that it has
 * confirmed was counted. A connection that sends a FIN still counts, so it is the last one if the
 * count is one. A connection that was reset no longer counts, so it was the last one if the count is
 * zero (nf_conncount). If several end in one tick of the kernel, the mapping stays.
 */
function untilLast({ element, sets }: Kept): string[] {
  const open = `add @open_${sets} { ${element} ct count over 0 }`;
  const shared = `add @shared_${sets} { ${element} ct count over 1 }`;
  return [
    // Order matters: the first statement always matches here, the second not for the first connection.
    `${TCP} ct state new ${open} ${shared}`,
    `${TCP} tcp flags fin ${shared} return`,
    `${TCP} tcp flags rst ${open} return`,
    `${TCP} tcp flags fin,rst delete @lasting_${sets} { ${element} }`,
  ];
}
