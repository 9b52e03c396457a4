import { parseIp } from "../../address/mod.ts";

/** A certificate and its key, as PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

const DAY_MS = 86_400_000;

/** No lab lasts longer; some clients refuse server certificates for more than 825 days. */
const VALID_DAYS = 800;

/**
 * Makes a self-signed certificate for a server (ECDSA, P-256). It is valid from a day before, for clocks
 * that are behind.
 *
 * It does not say whether it may sign others (RFC 5280, 4.2.1.9): so OpenSSL, Go and rustls take it both
 * as the anchor of trust and as the server's own; of one that says so, rustls does not.
 *
 * @param commonName Whom it is for, by name.
 * @param names Addresses and DNS names of the server.
 */
export async function selfSigned(
  commonName: string,
  names: readonly string[],
): Promise<Certificate> {
  // It takes a tenth of a second to load, which only those pay who need it; and it needs the other.
  await import("reflect-metadata");
  const {
    ExtendedKeyUsage,
    ExtendedKeyUsageExtension,
    SubjectAlternativeNameExtension,
    X509CertificateGenerator,
  } = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const alternatives = names.map((value) => {
    const ip = ipText(value);
    return ip === undefined ? { type: "dns" as const, value } : { type: "ip" as const, value: ip };
  });
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + (VALID_DAYS - 1) * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension(alternatives),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    ],
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { certificate: `${certificate.toString("pem")}\n`, key: pem("PRIVATE KEY", pkcs8) };
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** An address in its usual form; undefined of a name. */
function ipText(text: string): string | undefined {
  try {
    return parseIp(text).toString();
  } catch {
    return undefined;
  }
}
