/**
 * DNS64 (RFC 6147): a name server by which hosts that have IPv6 alone find those that have IPv4 alone.
 *
 * @module
 */

export { type NameTable, withEmbedded } from "./answer.ts";
export { Dns64Error, type Dns64Options, Dns64Server } from "./server.ts";
