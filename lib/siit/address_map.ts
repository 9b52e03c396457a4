/**
 * Which IPv4 address stands for which of IPv6. IPv6 addresses are 16 bytes at an offset of a buffer,
 * those of IPv4 are unsigned 32-bit numbers; -1 and false say that there is none.
 *
 * "Source" and "destination" are those of a packet that is translated. The packet that an ICMP error
 * quotes went the other way: its source is looked up as a destination, and its destination as a
 * source with `quoted`, for which a map makes nothing new.
 */
export interface AddressMap {
  /** From IPv6 to IPv4: what stands for a source. A map may assign it now, but not if `quoted`. */
  v4OfSource(bytes: Uint8Array, at: number, quoted: boolean): number;
  /** From IPv6 to IPv4: what a destination stands for. */
  v4OfDestination(bytes: Uint8Array, at: number): number;
  /** From IPv4 to IPv6: writes what stands for a source. */
  v6OfSource(v4: number, out: Uint8Array, at: number): boolean;
  /** From IPv4 to IPv6: writes what a destination stands for. */
  v6OfDestination(v4: number, out: Uint8Array, at: number): boolean;
}
