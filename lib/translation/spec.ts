import { ClatMap, Nat64Map, Translator } from "../siit/mod.ts";

/** A NAT64 (RFC 6146), without ports: a NAT of IPv4 behind it shares public addresses among hosts. */
export interface Nat64Spec {
  kind: "nat64";
  /** The block of IPv4 whose addresses stand for hosts of IPv6. */
  pool: string;
  /** The /96 in which the world of IPv4 is. */
  prefix: string;
  /** The source of the ICMPv4 errors that it sends itself, of the pool. */
  address4: string;
  /** The source of the ICMPv6 errors that it sends itself. */
  address6: string;
}

/** A CLAT (RFC 6877). */
export interface ClatSpec {
  kind: "clat";
  /** The address of the IPv4 programs. */
  ip: string;
  /** The IPv6 address that stands for it. */
  ip6: string;
  /** The /96 of the network's NAT64. */
  prefix: string;
  /** The source of the ICMPv4 errors that it sends itself. */
  address4: string;
}

/** What a translator on a TUN is to do. */
export type TranslationSpec = Nat64Spec | ClatSpec;

/** A translator, and of a NAT64 the map of its hosts. */
export interface Translating {
  translator: Translator;
  hosts: Nat64Map | undefined;
}

/** Makes the translator of a TUN: the kernel on both sides of it counts hops, and knows the MTUs. */
export function translating(spec: TranslationSpec): Translating {
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

/** Fragments of an earlier translator may still be on their way. */
const identification = () => crypto.getRandomValues(new Uint16Array(1))[0] >>> 1;
