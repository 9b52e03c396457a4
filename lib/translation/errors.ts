import { NetyardError } from "../../native/error.ts";

/** A translator of addresses cannot be set up, or its thread failed. */
export class TranslationError extends NetyardError {}
