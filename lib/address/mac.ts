import { InvalidAddressError, ipFromBytes } from "./ip.ts";

/** The last number that fits the three bytes after the prefix. */
const LAST_MAC = 0xffffff;

/**
 * Returns the MAC address number `counter`, from 0 to 16777215: `02:4e:59:xx:xx:xx`.
 *
 * 02 means a locally administered unicast address, which no vendor's NIC has
 * ({@link https://www.rfc-editor.org/rfc/rfc9542#section-2.1 | RFC 9542 2.1}); 4e:59 is "NY".
 *
 * @throws {InvalidAddressError} If there is no such number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(macAddress(258), "02:4e:59:00:01:02");
 * ```
 */
export function macAddress(counter: number): string {
  if (!Number.isInteger(counter) || counter < 0 || counter > LAST_MAC) {
    throw new InvalidAddressError(
      `there is no MAC address number ${counter}: use a whole number from 0 to ${LAST_MAC}`,
    );
  }
  const hex = counter.toString(16).padStart(6, "0");
  return `02:4e:59:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/**
 * Returns the six bytes of a MAC address like `02:4e:59:00:00:01`, in either case.
 *
 * @throws {InvalidAddressError} If the text is not a MAC address of this form.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(macBytes("02:4e:59:00:00:01"), new Uint8Array([2, 0x4e, 0x59, 0, 0, 1]));
 * ```
 */
export function macBytes(mac: string): Uint8Array<ArrayBuffer> {
  if (!/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(mac)) {
    throw new InvalidAddressError(
      `${JSON.stringify(mac)} is not a MAC address: write it like 02:4e:59:00:00:01`,
    );
  }
  // By hand, since each interface of a lab calls this about ten times.
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) {
    bytes[i] = hexDigit(mac.charCodeAt(3 * i)) << 4 | hexDigit(mac.charCodeAt(3 * i + 1));
  }
  return bytes;
}

/** The value of the character code of 0-9, a-f or A-F. */
function hexDigit(code: number): number {
  return code <= 57 ? code - 48 : (code | 32) - 87;
}

/**
 * Returns the link-local IPv6 address that the kernel gives an interface with this MAC address: fe80::/64
 * and the modified EUI-64 ({@link https://www.rfc-editor.org/rfc/rfc4291#appendix-A | RFC 4291 A}).
 *
 * @throws {InvalidAddressError} If the text is not a MAC address.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(linkLocalFromMac("02:4e:59:00:00:01"), "fe80::4e:59ff:fe00:1");
 * ```
 */
export function linkLocalFromMac(mac: string): string {
  const [first, second, third, ...rest] = macBytes(mac);
  // 2 is the universal/local bit, which the modified form inverts; ff:fe fills 48 bits up to 64.
  const identifier = [first ^ 2, second, third, 0xff, 0xfe, ...rest];
  return ipFromBytes(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier));
}
