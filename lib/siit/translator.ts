import { NetyardError } from "../../native/error.ts";
import { v4Number, v6Bytes } from "./embed.ts";
import { FourToSix } from "./four_to_six.ts";
import { MAX_TOTAL4 } from "./header4.ts";
import { Identifications } from "./identifications.ts";
import type { Settings, TranslatorOptions } from "./options.ts";
import { REFUSAL_NAMES } from "./refusal.ts";
import { ErrorReplies } from "./replies.ts";
import { SixToFour } from "./six_to_four.ts";
import { clearVnetHeader, VNET_BYTES } from "./vnet.ts";

/** A {@linkcode Translator} cannot have a setting; the message says what is allowed. */
export class TranslatorOptionError extends NetyardError {}

/** The MTUs that every link supports (RFC 791, 3.2; RFC 8200, 5). */
const MIN_MTU4 = 68;
const MIN_MTU6 = 1280;
const DUMMY_ADDRESS = "192.0.0.8";

/**
 * Translates packets between IPv4 and IPv6, each independently: the algorithm of
 * {@link https://www.rfc-editor.org/rfc/rfc7915 | RFC 7915}, which NAT64 (RFC 6146) and 464XLAT (RFC
 * 6877) share. An {@linkcode AddressMap} maps the addresses.
 *
 * The checksum of a translated packet is correct if, and only if, that of the packet was: it is adjusted,
 * and computed only if there was none or the ICMP message changed.
 */
export class Translator {
  /** The number of refused packets, by {@linkcode Refusal}. */
  readonly refused: Float64Array = new Float64Array(REFUSAL_NAMES.length);
  /** The number of translated packets. */
  translated = 0;
  /** The distance between the packets that the last call wrote: its result, unless it made fragments. */
  stride = 0;

  readonly #gap: number;
  readonly #identifications: Identifications;
  readonly #to6: FourToSix;
  readonly #to4: SixToFour;
  readonly #replies: ErrorReplies;

  /**
   * Makes a translator with its own counters and identifications.
   *
   * @throws {TranslatorOptionError} If a size or number is out of its range.
   * @throws {InvalidAddressError} If an address is not of its family.
   */
  constructor(options: TranslatorOptions) {
    const mtu4 = inRange("mtu4", options.mtu4 ?? MAX_TOTAL4, MIN_MTU4);
    const mtu6 = inRange("mtu6", options.mtu6 ?? MAX_TOTAL4, MIN_MTU6);
    const fragmentBytes = inRange("fragmentBytes", options.fragmentBytes ?? MIN_MTU6, MIN_MTU6);
    const settings: Settings = {
      map: options.map,
      routers4: v4Number(options.routers4 ?? DUMMY_ADDRESS),
      hops: options.decrement ?? true ? 1 : 0,
      mtu4,
      mtu6,
      fragmentBytes: Math.min(fragmentBytes, mtu6),
      gap: options.vnet ? VNET_BYTES : 0,
    };
    this.#gap = settings.gap;
    this.#identifications = new Identifications(
      inRange("identification", options.identification ?? 1, 0),
    );
    this.#to6 = new FourToSix(settings);
    this.#to4 = new SixToFour(settings, this.#identifications);
    const address4 = v4Number(options.address4);
    this.#replies = new ErrorReplies(address4, v6Bytes(options.address6), mtu4, mtu6);
  }

  /**
   * Translates an IPv4 packet. The result may be several IPv6 fragments, each of which begins
   * {@linkcode stride} bytes after the one before.
   *
   * @param packet The packet, after its virtio-net header if the translator uses these.
   * @param length The number of bytes in `packet`.
   * @param out The buffer for the result, in the same form. 72 KiB are enough for any packet.
   * @returns The number of bytes written, or a {@linkcode Refusal} as a negative number; the content of
   * `out` is then undefined.
   */
  translate4to6(packet: Uint8Array, length: number, out: Uint8Array): number {
    const result = this.#to6.translate(packet, length, out);
    this.stride = this.#to6.stride;
    return this.#counted(result);
  }

  /**
   * Translates an IPv6 packet to IPv4. Parameters and result are those of {@linkcode translate4to6}; the
   * result is never longer than the packet.
   */
  translate6to4(packet: Uint8Array, length: number, out: Uint8Array): number {
    const result = this.#to4.translate(packet, length, out);
    this.stride = result;
    return this.#counted(result);
  }

  /**
   * Writes the ICMP error that reports a refusal to the sender of the packet, in the packet's family.
   * Returns its length, or 0: most refusals and packets must have no error (RFC 1812, 4.3.2.7; RFC 4443,
   * 2.4). The caller must limit the rate of errors.
   *
   * @param refusal The {@linkcode Refusal}, as a positive number.
   * @param out A buffer of at least 1290 bytes.
   */
  errorFor(refusal: number, packet: Uint8Array, length: number, out: Uint8Array): number {
    const gap = this.#gap;
    const bytes = packet[gap] >>> 4 === 4
      ? this.#replies.write4(refusal, packet, gap, length, out, this.#identifications.take(1))
      : this.#replies.write6(refusal, packet, gap, length, out);
    if (bytes > 0 && gap > 0) clearVnetHeader(out, 0);
    return bytes > 0 ? gap + bytes : 0;
  }

  #counted(result: number): number {
    if (result > 0) this.translated++;
    else this.refused[-result]++;
    return result;
  }
}

function inRange(name: string, value: number, min: number): number {
  if (Number.isInteger(value) && value >= min && value <= MAX_TOTAL4) return value;
  throw new TranslatorOptionError(
    `cannot translate with ${name} ${value}: it must be a whole number ` +
      `from ${min} to ${MAX_TOTAL4}`,
  );
}
