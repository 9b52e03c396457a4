import { NetyardError } from "../../native/error.ts";
import { formatIp, InvalidAddressError, IP_BITS, IpAddress, type IpFamily, parseIp } from "./ip.ts";

/** A text is not a CIDR block; the message says what is wrong with it. */
export class InvalidCidrError extends NetyardError {}

/** An address is outside a block or pool; the message names both. */
export class AddressOutsideError extends NetyardError {}

/**
 * A block of addresses that share a prefix
 * ({@link https://www.rfc-editor.org/rfc/rfc4632#section-3.1 | RFC 4632 3.1}).
 */
export class Cidr {
  /** 4 or 6. */
  readonly family: IpFamily;
  /** The length of the prefix in bits: 0 to 32, or to 128. */
  readonly prefix: number;
  /** The first address as a number. */
  readonly first: bigint;
  /** The last address as a number; with IPv4 and a prefix up to 30, the broadcast address. */
  readonly last: bigint;
  /** The number of addresses, including the network and broadcast addresses. */
  readonly size: bigint;

  /**
   * Makes the block that begins with an address.
   *
   * @throws {InvalidCidrError} If the prefix does not fit the family, or the address has host bits set.
   * @throws {InvalidAddressError} If the address does not fit the family.
   */
  constructor(family: IpFamily, first: bigint, prefix: number) {
    const address = new IpAddress(family, first);
    const bits = IP_BITS[family];
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > bits) {
      throw new InvalidCidrError(
        `${address}/${prefix} is not a CIDR: ` +
          `an IPv${family} prefix length is a whole number from 0 to ${bits}`,
      );
    }
    const size = 1n << BigInt(bits - prefix);
    const network = first - first % size;
    if (network !== first) {
      const right = `${formatIp({ family, value: network })}/${prefix}`;
      throw new InvalidCidrError(
        `${address}/${prefix} has host bits set: the network is ${right}`,
      );
    }
    this.family = family;
    this.first = first;
    this.prefix = prefix;
    this.size = size;
    this.last = first + size - 1n;
  }

  /** The first address as text: `"10.0.0.0"` of `10.0.0.0/24`. */
  get network(): string {
    return formatIp({ family: this.family, value: this.first });
  }

  /**
   * Whether an address is in the block. An address of the other family is not.
   *
   * @throws {InvalidAddressError} If the text is not an address.
   */
  contains(ip: string | IpAddress): boolean {
    const { family, value } = typeof ip === "string" ? parseIp(ip) : ip;
    return family === this.family && value >= this.first && value <= this.last;
  }

  /**
   * Whether the blocks have an address in common.
   *
   * @throws {InvalidCidrError} If the text is not a CIDR.
   */
  overlaps(other: string | Cidr): boolean {
    const { family, first, last } = toCidr(other);
    return family === this.family && first <= this.last && last >= this.first;
  }

  /**
   * Returns the n-th address as text; the network address is number 0.
   *
   * @throws {AddressOutsideError} If the block has no such number.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(parseCidr("10.0.0.0/24").host(1), "10.0.0.1");
   * ```
   */
  host(n: number | bigint): string {
    if (typeof n === "number" && !Number.isSafeInteger(n) || n < 0 || n >= this.size) {
      throw new AddressOutsideError(
        `${this} has no address number ${n}: use a whole number from 0 to ${this.size - 1n}`,
      );
    }
    return formatIp({ family: this.family, value: this.first + BigInt(n) });
  }

  /** The block as text: `"10.0.0.0/24"`. */
  toString(): string {
    return `${this.network}/${this.prefix}`;
  }
}

/**
 * Reads a block like `10.0.0.0/24` or `fd00::/8`.
 *
 * @throws {InvalidCidrError} If it is not a CIDR block, or has host bits set; the message then names the
 * network.
 *
 * @example
 * ```ts
 * import { assert, assertEquals, assertThrows } from "@std/assert";
 *
 * const lan = parseCidr("10.0.0.0/24");
 * assert(lan.contains("10.0.0.77") && !lan.overlaps("10.0.1.0/24"));
 * assertEquals(lan.size, 256n);
 * assertThrows(() => parseCidr("10.0.0.5/24"), InvalidCidrError, "the network is 10.0.0.0/24");
 * ```
 */
export function parseCidr(text: string): Cidr {
  const quoted = JSON.stringify(text);
  const slash = text.indexOf("/");
  try {
    const { family, value } = parseIp(slash < 0 ? text : text.slice(0, slash));
    const digits = text.slice(slash + 1);
    if (slash < 0) {
      throw new InvalidCidrError(
        `${quoted} is not a CIDR: it has no prefix length; ` +
          `for this one address write "${text}/${IP_BITS[family]}"`,
      );
    }
    if (!/^(0|[1-9]\d*)$/.test(digits)) {
      throw new InvalidCidrError(
        `${quoted} is not a CIDR: the prefix length is ${JSON.stringify(digits)}, ` +
          `but must be a whole number from 0 to ${IP_BITS[family]}`,
      );
    }
    return new Cidr(family, value, Number(digits));
  } catch (cause) {
    if (!(cause instanceof InvalidAddressError)) throw cause;
    throw new InvalidCidrError(`${quoted} is not a CIDR: ${cause.message}`, { cause });
  }
}

/**
 * Returns a block that is given as a `Cidr` or as text.
 *
 * @throws {InvalidCidrError} If the text is not a CIDR.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(toCidr("10.0.0.0/8").prefix, 8);
 * ```
 */
export function toCidr(cidr: string | Cidr): Cidr {
  return typeof cidr === "string" ? parseCidr(cidr) : cidr;
}
