import type { AddressMap } from "./address_map.ts";

/** What a {@linkcode Translator} is to do. */
export interface TranslatorOptions {
  /** Which addresses stand for which. */
  map: AddressMap;
  /** The source of the ICMPv4 errors that the translator itself sends. */
  address4: string;
  /** The source of the ICMPv6 errors that the translator itself sends. */
  address6: string;
  /**
   * The IPv4 source of ICMP errors from IPv6 routers for which the map has no address (RFC 6791).
   * Default `192.0.0.8`, the dummy address of RFC 7600.
   */
  routers4?: string;
  /**
   * Whether the translator takes one from the time to live, and answers Time Exceeded where nothing
   * is left. Default true, as RFC 7915 wants of a translator that is a router by itself.
   *
   * False is right on a TUN: there the kernel forwards each packet to the translator and from it,
   * takes one both times, and answers; a third time would only lengthen each path by a hop.
   */
  decrement?: boolean;
  /**
   * The MTU towards IPv4, in bytes: what is longer, and must not be fragmented, is refused as too
   * big. Default 65535, where the next hop, as the kernel behind a TUN, knows and says it.
   */
  mtu4?: number;
  /** The MTU towards IPv6, as `mtu4`. */
  mtu6?: number;
  /**
   * How long an IPv6 packet may be that comes of an IPv4 one which may be fragmented, in bytes: a
   * longer one is fragmented, for no router will on an IPv6 path. Default 1280, which every path
   * takes (RFC 7915, 4.1); at least 1280.
   */
  fragmentBytes?: number;
  /**
   * Whether a virtio-net header precedes each packet, in and out. Default false.
   */
  vnet?: boolean;
  /** The identification of the first IPv4 packet, from which the others count up. Default 1. */
  identification?: number;
}

/** {@linkcode TranslatorOptions} as they are used: checked, and with their defaults. */
export interface Settings {
  /** Which addresses stand for which. */
  map: AddressMap;
  /** The IPv4 source of ICMP errors whose source has no address. */
  routers4: number;
  /** What is taken from the time to live: 1 or 0. */
  hops: number;
  /** The MTU towards IPv4. */
  mtu4: number;
  /** The MTU towards IPv6. */
  mtu6: number;
  /** How long a fragment may be, and what comes of a packet that may be fragmented. */
  fragmentBytes: number;
  /** What precedes each packet: the length of a virtio-net header, or 0. */
  gap: number;
}
