import { InvalidAddressError, ipBytes } from "../../address/mod.ts";
import {
  bitString,
  contextTag,
  der,
  integer,
  objectIdentifier,
  sequence,
  Tag,
  utcTime,
  utf8String,
} from "./der.ts";

/** A certificate and its key, as PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

const DAY_MS = 86_400_000;

/** No lab lasts longer; some clients refuse server certificates for more than 825 days. */
const VALID_DAYS = 800;

/** RFC 5280, 4.1.2.2: at most 20 bytes; 16 random ones are unique. */
const SERIAL_BYTES = 16;

const COMMON_NAME = objectIdentifier("2.5.4.3");
const SUBJECT_ALT_NAME = objectIdentifier("2.5.29.17");
const EXTENDED_KEY_USAGE = objectIdentifier("2.5.29.37");
const SERVER_AUTH = objectIdentifier("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH = objectIdentifier("1.3.6.1.5.5.7.3.2");
const ECDSA_WITH_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

/**
 * Makes a self-signed certificate for a server (ECDSA, P-256). It is valid from one day ago, for
 * clocks that are slow.
 *
 * It has no basic constraints (RFC 5280, 4.2.1.9), which say whether it may sign others: so OpenSSL, Go
 * and rustls accept it both as a trust anchor and as the server's own certificate. With them, rustls
 * does not.
 *
 * @param commonName The common name of the server.
 * @param names The addresses and DNS names of the server.
 */
export async function selfSigned(
  commonName: string,
  names: readonly string[],
): Promise<Certificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [publicKey, privateKey] = await Promise.all([
    crypto.subtle.exportKey("spki", keys.publicKey),
    crypto.subtle.exportKey("pkcs8", keys.privateKey),
  ]);
  const toSign = unsigned(commonName, names, new Uint8Array(publicKey));
  const signature = await crypto.subtle.sign(algorithm, keys.privateKey, toSign);
  const certificate = sequence(
    toSign,
    ECDSA_WITH_SHA256,
    bitString(ecdsaSignature(new Uint8Array(signature))),
  );
  return {
    certificate: pem("CERTIFICATE", certificate),
    key: pem("PRIVATE KEY", new Uint8Array(privateKey)),
  };
}

/** Returns a TBSCertificate (RFC 5280, 4.1): all but the signature. */
function unsigned(
  commonName: string,
  names: readonly string[],
  publicKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const version3 = der(contextTag(0, true), integer(Uint8Array.of(2)));
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] &= 0x7f;
  const name = sequence(der(Tag.SET, sequence(COMMON_NAME, utf8String(commonName))));
  const now = Date.now();
  return sequence(
    version3,
    integer(serial),
    ECDSA_WITH_SHA256,
    name, // the issuer
    sequence(utcTime(new Date(now - DAY_MS)), utcTime(new Date(now + (VALID_DAYS - 1) * DAY_MS))),
    name, // the subject
    publicKey,
    der(
      contextTag(3, true),
      sequence(
        extension(SUBJECT_ALT_NAME, sequence(...names.map(generalName))),
        extension(EXTENDED_KEY_USAGE, sequence(SERVER_AUTH, CLIENT_AUTH)),
      ),
    ),
  );
}

function extension(id: Uint8Array, value: Uint8Array): Uint8Array {
  return sequence(id, der(Tag.OCTET_STRING, value));
}

/** Returns a GeneralName (RFC 5280, 4.2.1.6): an address, or else a DNS name. */
function generalName(text: string): Uint8Array {
  const address = addressBytes(text);
  return address ? der(contextTag(7), address) : der(contextTag(2), new TextEncoder().encode(text));
}

function addressBytes(text: string): Uint8Array | undefined {
  try {
    return ipBytes(text);
  } catch (error) {
    if (error instanceof InvalidAddressError) return undefined;
    throw error;
  }
}

/** Converts a signature of WebCrypto, two numbers of equal length, to an Ecdsa-Sig-Value (RFC 3279). */
function ecdsaSignature(bytes: Uint8Array): Uint8Array {
  const half = bytes.length / 2;
  return sequence(integer(bytes.subarray(0, half)), integer(bytes.subarray(half)));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
