/**
 * Prefix delegation by DHCPv6 (RFC 8415): messages, client and server as pure state machines, and the
 * socket and the requesting router that run them in a network namespace. Imports `address`; knows no
 * lab. Begin with `client.ts`.
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
