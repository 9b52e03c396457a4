/**
 * A mapping between IPv4 and IPv6 addresses. IPv6 addresses are 16 bytes at an offset of a buffer; IPv4
 * addresses are unsigned 32-bit numbers. The results -1 and false mean that an address is not mapped.
 *
 * "Source" and "destination" are those of the translated packet. A packet that an ICMP error quotes
 * travelled in the other direction: its source is looked up as a destination, and its destination as a
 * source with `quoted`, for which a map adds no entry.
 */
export interface AddressMap {
  /** From IPv6 to IPv4: maps a source. A map may add an entry, but not if `quoted`. */
  v4OfSource(bytes: Uint8Array, at: number, quoted: boolean): number;
  /** From IPv6 to IPv4: maps a destination. */
  v4OfDestination(bytes: Uint8Array, at: number): number;
  /** From IPv4 to IPv6: maps a source, and writes the result. */
  v6OfSource(v4: number, out: Uint8Array, at: number): boolean;
  /** From IPv4 to IPv6: maps a destination, and writes the result. */
  v6OfDestination(v4: number, out: Uint8Array, at: number): boolean;
}
