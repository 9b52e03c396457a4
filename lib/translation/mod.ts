/**
 * Translators between IPv4 and IPv6: TUNs in the namespaces of nodes, and one thread that serves all of
 * them. Translates by the rules of `siit`. Imports `native`, `loop` and `siit`; knows no lab. Begin
 * with `translators.ts`; `packet_loop.ts` is the thread's part.
 *
 * @module
 */

export type { TranslationCounters } from "./control.ts";
export { TranslationError } from "./errors.ts";
export type { ClatSpec, Nat64Spec, TranslationSpec } from "./spec.ts";
export type { TunPlace } from "./tun.ts";
export { TUN_INDEX } from "./tun.ts";
export { type OnTranslationFailure, type Translation, Translators } from "./translators.ts";
