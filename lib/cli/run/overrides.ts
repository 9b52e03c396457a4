import { BinaryError } from "../../sim/binary/error.ts";
import { parseOverride } from "../../sim/binary/override.ts";
import { UsageError } from "../command/command.ts";

/**
 * Refuses values of `--binary` that are not of its form.
 *
 * @param command Whose option it is.
 */
export function checkOverrides(command: string, texts: readonly string[]): void {
  for (const text of texts) {
    try {
      parseOverride(text, ".");
    } catch (error) {
      if (!(error instanceof BinaryError)) throw error;
      const why = error.detail.replace(/^it must /, "must ");
      throw new UsageError(`netyard ${command}: --binary is ${JSON.stringify(text)}, but ${why}`);
    }
  }
}
