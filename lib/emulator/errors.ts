import { LinkEngineError } from "../link/errors.ts";

/** The link emulator cannot impair a link, or it failed. */
export class EmulatorError extends LinkEngineError {}
