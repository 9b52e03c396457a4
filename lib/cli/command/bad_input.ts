import { NetyardError } from "../../../native/error.ts";

/** What a command was given is wrong, and nothing was started; the exit code is 2. */
export class BadInputError extends NetyardError {}

/** Does something of which every failure is the fault of what was given. */
export async function asInput<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof NetyardError)) throw error;
    throw new BadInputError(error.message, { cause: error });
  }
}
