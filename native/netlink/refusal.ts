import { SyscallError } from "../libc.ts";

/** Whether the kernel refused something for one of these reasons. */
export function refusedBy(error: unknown, codes: readonly string[]): boolean {
  return error instanceof SyscallError && codes.includes(error.code);
}

/** The kernel does not have what is to be removed: it, or the link that it was on, is gone. */
const GONE = ["ENOENT", "ESRCH", "ENODEV", "EADDRNOTAVAIL"];

/** Runs `act`, which removes something; succeeds if that is gone already. */
export function takeAway(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!refusedBy(error, GONE)) throw error;
  }
}
