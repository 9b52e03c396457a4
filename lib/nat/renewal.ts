import type { ResolvedNat } from "./config.ts";
import { canEnter, chain, INTERNAL, mappingKey, ONCE, type Protocol, PROTOCOLS } from "./parts.ts";

/** The longest time that conntrack gives a TCP connection that is not established. */
const TCP_TRANSITORY_SECS = 120;

/** A flow as the rules see it: where its port, its endpoints and its key of `out` are found. */
interface Direction {
  /** The external port. */
  port: string;
  /** The endpoint inside. */
  internal: string;
  /** The key of `out`. */
  key: string;
  /** The address outside that filtering is to let in. */
  contacted?: string;
}

/**
 * The chains that keep a mapping alive for as long as conntrack keeps a flow of
 * it. They see every packet that leaves, so they have little to do: a rule or
 * two each, and one look at an element for each set.
 */
export function renewal(nat: ResolvedNat): string[] {
  const { outward, inward } = mappingKey(nat.mapping);
  const began: Direction = {
    port: "ct reply proto-dst",
    internal: INTERNAL,
    key: outward,
    contacted: nat.filtering === "address-dependent" ? "ct original ip daddr" : undefined,
  };
  const entered: Direction = {
    port: "ct original proto-dst",
    internal: "ct reply ip saddr . ct reply proto-src",
    key: inward,
  };
  const entering = canEnter(nat);
  return [
    ...PROTOCOLS.flatMap((p) => [
      ...chain(`renew_${p}`, undefined, renew(p, nat, began)),
      ...entering ? chain(`renew_entered_${p}`, undefined, renew(p, nat, entered)) : [],
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

function renew(protocol: Protocol, nat: ResolvedNat, flow: Direction): string[] {
  const { port, internal, key, contacted } = flow;
  const pair = `${port} . ${contacted}`;
  return [
    ...contacted
      ? byLifetime(
        nat,
        protocol,
        { element: pair, lasting: `lasting_contacted_${protocol}` },
        (secs) => `update @contacted_${protocol} { ${pair} timeout ${secs}s }`,
      )
      : [],
    ...byLifetime(nat, protocol, { element: port, lasting: `lasting_${protocol}` }, (secs) =>
      [
        `update @out_${protocol} { ${key} timeout ${secs}s : ${port} }`,
        ...canEnter(nat)
          ? [`update @in_${protocol} { ${port} timeout ${secs}s : ${internal} }`]
          : [],
        // Last: its limit ends the rule for all but the packet that made the element.
        `update @taken_${protocol} { ${port} timeout ${secs}s ${ONCE} }`,
      ].join(" ")),
  ];
}

/**
 * One rule for each lifetime that conntrack gives.
 *
 * A port can have flows of several lifetimes. For UDP, the longest counts: while `lasting` holds
 * the element, a flow of the shorter lifetime leaves the mapping alone. For TCP, the latest counts,
 * so that the port of a connection that closed is free two minutes later, and not two hours.
 */
function byLifetime(
  nat: ResolvedNat,
  protocol: Protocol,
  { element, lasting }: { element: string; lasting: string },
  update: (secs: number) => string,
): string[] {
  const match = `meta l4proto ${protocol}`; // Without it nft does not know what a port is.
  if (protocol === "tcp") {
    const { tcpEstablishedSecs } = nat.timeouts;
    if (tcpEstablishedSecs <= TCP_TRANSITORY_SECS) {
      return [`${match} ${update(tcpEstablishedSecs)}`];
    }
    return [
      `${match} ct expiration > ${TCP_TRANSITORY_SECS}s ${update(tcpEstablishedSecs)}`,
      `${match} ct expiration <= ${TCP_TRANSITORY_SECS}s ${update(TCP_TRANSITORY_SECS)}`,
    ];
  }
  const lifetimes = udpLifetimes(nat);
  if (!lifetimes) return [`${match} ${update(nat.timeouts.udpSecs)}`];
  const { longer, shorter, status } = lifetimes;
  const last = `update @${lasting} { ${element} timeout ${longer - shorter}s }`;
  return [
    `${match} ${status} ${last} ${update(longer)}`,
    `${match} ${element} != @${lasting} ${update(shorter)}`,
  ];
}

/** The two lifetimes of UDP flows, and which flows have the longer; undefined if they are one. */
export function udpLifetimes(
  { timeouts: { udpSecs, udpStreamSecs } }: ResolvedNat,
): { longer: number; shorter: number; status: string } | undefined {
  if (udpSecs === udpStreamSecs) return undefined;
  return {
    longer: Math.max(udpSecs, udpStreamSecs),
    shorter: Math.min(udpSecs, udpStreamSecs),
    // Conntrack calls a UDP flow assured once it gives it the timeout of a stream.
    status: udpStreamSecs > udpSecs ? "ct status assured" : "ct status ! assured",
  };
}
