import { ClatMap, Nat64Map, Translator } from "../siit/mod.ts";

/**
 * A NAT64 (RFC 6146), without ports: a NAT of IPv4 on the same router shares the public addresses among
 * the hosts.
 */
export interface Nat64Spec {
  kind: "nat64";
  /** The block of IPv4 addresses that represent IPv6 hosts. */
  pool: string;
  /** The /96 that represents the IPv4 internet. */
  prefix: string;
  /** The source of the ICMPv4 errors that it sends; an address of the pool. */
  address4: string;
  /** The source of the ICMPv6 errors that it sends. */
  address6: string;
}

/** A CLAT (RFC 6877). */
export interface ClatSpec {
  kind: "clat";
  /** The address of programs that use IPv4. */
  ip: string;
  /** The IPv6 address that represents it. */
  ip6: string;
  /** The /96 of the network's NAT64. */
  prefix: string;
  /** The source of the ICMPv4 errors that it sends. */
  address4: string;
}

/** What a translator on a TUN does. */
export type TranslationSpec = Nat64Spec | ClatSpec;

/** A translator and, for a NAT64, the map of its hosts. */
export interface TunTranslator {
  translator: Translator;
  hosts: Nat64Map | undefined;
}

/**
 * Makes the translator of a TUN. It decrements no hop limit and checks no MTU: the kernel does both
 * before and after it.
 */
export function makeTranslator(spec: TranslationSpec): TunTranslator {
  const common = { decrement: false, vnet: true, identification: identification() };
  if (spec.kind === "clat") {
    const { ip, ip6, prefix, address4 } = spec;
    const map = new ClatMap(ip, ip6, prefix);
    const translator = new Translator({ ...common, map, address4, address6: ip6 });
    return { translator, hosts: undefined };
  }
  const { pool, prefix, address4, address6 } = spec;
  const map = new Nat64Map(pool, { prefix, reserved: [address4] });
  return { translator: new Translator({ ...common, map, address4, address6 }), hosts: map };
}

/** Random: fragments of an earlier translator may still be on their way. */
const identification = () => crypto.getRandomValues(new Uint16Array(1))[0] >>> 1;
