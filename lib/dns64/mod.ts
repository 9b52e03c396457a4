/**
 * DNS64 (RFC 6147): a name server that gives IPv6-only hosts addresses for IPv4-only names. Pure
 * answers, and a server that runs in a node. Imports `address`, `siit` and `node`; knows no lab.
 * Begin with `answer.ts`.
 *
 * @module
 */

export { type NameTable, withEmbedded } from "./answer.ts";
export { Dns64Error } from "./errors.ts";
export { type Dns64Options, Dns64Server } from "./server.ts";
