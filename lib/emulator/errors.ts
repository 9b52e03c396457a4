import { LinkEngineError } from "../link/errors.ts";

/** A link cannot be impaired by the emulator, or the emulator failed. */
export class EmulatorError extends LinkEngineError {}
