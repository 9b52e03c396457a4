import { NetyardError } from "../../../native/error.ts";

/** The input of a command is wrong, and nothing was started; the exit code is 2. */
export class BadInputError extends NetyardError {}

/** Converts every error of Netyard in `act` into a {@linkcode BadInputError}. */
export async function asInput<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof NetyardError)) throw error;
    throw new BadInputError(error.message, { cause: error });
  }
}
