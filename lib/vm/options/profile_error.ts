import { VmError } from "./errors.ts";

/** There is no profile of that name, or what it needs is not there, or it is not as it should be. */
export class ProfileError extends VmError {}
