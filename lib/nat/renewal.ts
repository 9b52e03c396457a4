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

/** A flow as the rules see it: where its port, its endpoints and its key of `out` are found. */
interface Direction {
  /** The external port. */
  port: string;
  /** The endpoint inside. */
  internal: string;
  /** The key of `out`. */
  key: string;
  /** The address outside that filtering is to let in. */
  contacted: string;
  /** Which packets say that the host inside wants that address; empty for all. */
  wanted: string;
}

/** What is kept for as long as the flows of an element. */
interface Kept {
  element: string;
  /** How the names end of the sets that count the flows of the element. */
  sets: string;
  /** Which packets keep it; empty for all. */
  when: string;
  update: (secs: number) => string;
}

const BEGAN = {
  port: "ct reply proto-dst",
  internal: INTERNAL,
  contacted: "ct original ip daddr",
  wanted: "",
};

const ENTERED = {
  port: "ct original proto-dst",
  internal: "ct reply ip saddr . ct reply proto-src",
  contacted: "ct reply ip daddr",
  // Or whoever was let in once could keep the way open for himself.
  wanted: "ct direction reply ",
};

/**
 * The chains that keep a mapping alive for as long as conntrack keeps a flow of
 * it. They see every packet that leaves, so they have little to do: a rule or
 * two each, and one look at an element for each set. `counting` says whether the
 * kernel counts connections.
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
      ...renew(p, p, { ...BEGAN, key: outward }),
      ...entering ? renew(p, `entered_${p}`, { ...ENTERED, key: inward }) : [],
    ]),
    ...chain("remember", "type filter hook postrouting priority srcnat + 10; policy accept;", [
      // A flow through a hairpin keeps the mappings of both its ends.
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
        // Last: its limit ends the rule for all but the packet that made the element.
        `update @taken_${protocol} { ${port} timeout ${secs}s ${ONCE} }`,
      ].join(" "),
  };
  return nat.filtering === "address-dependent" ? [filter, mapping] : [mapping];
}

// Without it nft does not know what a port is.
const UDP = "meta l4proto udp";
const TCP = "meta l4proto tcp";

/**
 * A port can have flows of both lifetimes, and the longest counts: while `lasting` holds the
 * element, a flow of the shorter lifetime leaves the mapping alone.
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
 * As for UDP, but that the end of the last connection takes the element out of `lasting`, so that
 * its port is free two minutes later, and not two hours.
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
      // By the state too, since a flow that is new has no expiration yet, but any number.
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
 * Counts the connections of an element, and ends what they had once the last one ends.
 *
 * A connection is counted when it is new, or never: the kernel takes one that it has confirmed for
 * counted. A FIN is of a connection that still counts, so it is the last where one does; one
 * that was reset counts no more, so it was the last where none does (nf_conncount). In doubt,
 * where several end in one tick of the kernel, the mapping stays.
 */
function untilLast({ element, sets }: Kept): string[] {
  const open = `add @open_${sets} { ${element} ct count over 0 }`;
  const shared = `add @shared_${sets} { ${element} ct count over 1 }`;
  return [
    // In this order: the first always matches here, the second not for the first connection.
    `${TCP} ct state new ${open} ${shared}`,
    `${TCP} tcp flags fin ${shared} return`,
    `${TCP} tcp flags rst ${open} return`,
    `${TCP} tcp flags fin,rst delete @lasting_${sets} { ${element} }`,
  ];
}
