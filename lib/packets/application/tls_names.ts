/** Versions of TLS, as they are written in records and hellos. */
export const TLS_VERSIONS: Readonly<Record<number, string>> = {
  0x0300: "SSL 3.0",
  0x0301: "TLS 1.0",
  0x0302: "TLS 1.1",
  0x0303: "TLS 1.2",
  0x0304: "TLS 1.3",
};

/** Extensions of hellos. */
export const TLS_EXTENSIONS: Readonly<Record<number, string>> = {
  0: "Server name",
  1: "Maximum fragment length",
  5: "Status request",
  10: "Supported groups",
  11: "Point formats",
  13: "Signature algorithms",
  14: "SRTP",
  15: "Heartbeat",
  16: "ALPN",
  18: "Certificate transparency",
  21: "Padding",
  22: "Encrypt then MAC",
  23: "Extended master secret",
  27: "Certificate compression",
  28: "Record size limit",
  35: "Session ticket",
  41: "Pre-shared key",
  42: "Early data",
  43: "Supported versions",
  44: "Cookie",
  45: "Key exchange modes",
  49: "Post-handshake authentication",
  50: "Certificate signature algorithms",
  51: "Key share",
  57: "QUIC transport parameters",
  0xfe0d: "Encrypted client hello",
  0xff01: "Renegotiation info",
};

/** The cipher suites that are in use. */
export const TLS_CIPHERS: Readonly<Record<number, string>> = {
  0x00ff: "renegotiation supported",
  0x1301: "AES_128_GCM_SHA256",
  0x1302: "AES_256_GCM_SHA384",
  0x1303: "CHACHA20_POLY1305_SHA256",
  0x1304: "AES_128_CCM_SHA256",
  0x1305: "AES_128_CCM_8_SHA256",
  0xc02b: "ECDHE_ECDSA_AES_128_GCM_SHA256",
  0xc02c: "ECDHE_ECDSA_AES_256_GCM_SHA384",
  0xc02f: "ECDHE_RSA_AES_128_GCM_SHA256",
  0xc030: "ECDHE_RSA_AES_256_GCM_SHA384",
  0xcca8: "ECDHE_RSA_CHACHA20_POLY1305",
  0xcca9: "ECDHE_ECDSA_CHACHA20_POLY1305",
};

/** Groups of key exchanges. */
export const TLS_GROUPS: Readonly<Record<number, string>> = {
  0x0017: "secp256r1",
  0x0018: "secp384r1",
  0x0019: "secp521r1",
  0x001d: "x25519",
  0x001e: "x448",
  0x11ec: "X25519MLKEM768",
};
