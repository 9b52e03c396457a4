import { NetyardError } from "../../../native/error.ts";

/**
 * The kernel and the initramfs of the `tiny` profile cannot be built: this host has no apt, or a package
 * cannot be downloaded or is not as expected.
 */
export class BootFilesError extends NetyardError {}
