import { NetyardError } from "../../../native/error.ts";

/**
 * The kernel and the initramfs of the `tiny` profile could not be made: no Debian packages here, a
 * package that cannot be had, or one that is not as it should be.
 */
export class BootFilesError extends NetyardError {}
