import { SyscallError } from "../libc.ts";

/** Whether an error is the kernel's refusal for one of these reasons. */
export function refusedBy(error: unknown, codes: readonly string[]): boolean {
  return error instanceof SyscallError && codes.includes(error.code);
}

/** The kernel does not have the object of a removal: it is gone, or its link is. */
const GONE = ["ENOENT", "ESRCH", "ENODEV", "EADDRNOTAVAIL"];

/** Runs `remove`, which removes something; does nothing if that is gone already. */
export function removeIfPresent(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!refusedBy(error, GONE)) throw error;
  }
}
