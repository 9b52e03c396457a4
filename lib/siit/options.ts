import type { AddressMap } from "./address_map.ts";

/** Options of a {@linkcode Translator}. */
export interface TranslatorOptions {
  /** Maps addresses of one family to the other. */
  map: AddressMap;
  /** The source of the ICMPv4 errors that the translator sends. */
  address4: string;
  /** The source of the ICMPv6 errors that the translator sends. */
  address6: string;
  /**
   * The IPv4 source of translated ICMP errors of IPv6 routers that the map does not map (RFC 6791).
   * Default `192.0.0.8`, the dummy address of RFC 7600.
   */
  routers4?: string;
  /**
   * Whether the translator decrements the time to live, and refuses a packet whose time to live ends.
   * Default true, as RFC 7915 requires of a translator that is a router of its own.
   *
   * Use false on a TUN: there the kernel forwards each packet to the translator and from it, decrements
   * both times, and sends Time Exceeded; a third time would only add a hop to each path.
   */
  decrement?: boolean;
  /**
   * The MTU towards IPv4, in bytes: longer packets that must not be fragmented are refused as too big.
   * Default 65535, for a next hop that checks the MTU itself, such as the kernel at a TUN.
   */
  mtu4?: number;
  /** The MTU towards IPv6, as `mtu4`. */
  mtu6?: number;
  /**
   * The largest IPv6 packet that is made from an IPv4 packet which may be fragmented, in bytes: a longer
   * packet is fragmented, because routers on an IPv6 path do not fragment. Default 1280, which every
   * path supports (RFC 7915, 4.1); at least 1280.
   */
  fragmentBytes?: number;
  /** Whether a virtio-net header precedes each packet, in and out. Default false. */
  vnet?: boolean;
  /** The identification of the first IPv4 packet; the following ones count up. Default 1. */
  identification?: number;
}

/** Checked {@linkcode TranslatorOptions} with their defaults. */
export interface Settings {
  /** Maps addresses of one family to the other. */
  map: AddressMap;
  /** The IPv4 source of translated ICMP errors whose source is not mapped. */
  routers4: number;
  /** The decrement of the time to live: 1 or 0. */
  hops: number;
  /** The MTU towards IPv4. */
  mtu4: number;
  /** The MTU towards IPv6. */
  mtu6: number;
  /** The largest fragment, and the largest packet that is not fragmented. */
  fragmentBytes: number;
  /** The length of the virtio-net header before each packet, or 0. */
  gap: number;
}
