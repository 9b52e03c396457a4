/**
 * Prefix delegation by DHCPv6 (RFC 8415): messages, and both sides as pure machines. No I/O.
 *
 * @module
 */

export { type ClientEvent, DelegationClient, type Lease, type Step } from "./client.ts";
export { duidOf, duidText } from "./duid.ts";
export { Dhcp6FormatError } from "./errors.ts";
export {
  ALL_SERVERS,
  CLIENT_PORT,
  decodeMessage,
  type Dhcp6Message,
  encodeMessage,
  type LeasedPrefix,
  type MessageType,
  type PrefixAssociation,
  SERVER_PORT,
  STATUS,
} from "./message.ts";
export { PrefixPool } from "./prefix_pool.ts";
export { DelegationServer } from "./server.ts";
