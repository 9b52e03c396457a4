/**
 * Translators between IPv4 and IPv6 in the nodes of a lab: TUNs, and the thread that serves them.
 *
 * @module
 */

export type { TranslationCounters } from "./control.ts";
export { TranslationError } from "./errors.ts";
export type { ClatSpec, Nat64Spec, TranslationSpec } from "./spec.ts";
export type { TunPlace } from "./tun.ts";
export { TUN_INDEX } from "./tun.ts";
export { type OnTranslationFailure, type Translation, Translators } from "./translators.ts";
