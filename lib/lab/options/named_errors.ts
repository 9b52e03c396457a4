import { NetyardError } from "../../../native/error.ts";
import { SyscallError } from "../../../native/libc.ts";

/**
 * Runs `act`; puts `what` before the message of an error that it throws. For errors of layers that know an
 * address, but not the node that it is for.
 */
export function explained<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof NetyardError) || error instanceof SyscallError) throw error;
    const Same = error.constructor as new (message: string, options: ErrorOptions) => NetyardError;
    throw new Same(`${what}: ${error.message}`, { cause: error });
  }
}
