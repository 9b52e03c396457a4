import { styleText } from "node:util";
import { UsageError } from "./command.ts";
import type { Output } from "./output.ts";

/** The value of an environment variable. */
export type Environment = (name: string) => string | undefined;

/**
 * Whether what goes to an output is coloured: as the options say, else as `FORCE_COLOR` and
 * `NO_COLOR` do (https://no-color.org), else only on a terminal that can.
 *
 * @throws {UsageError} for both options at once.
 */
export function wantsColors(
  output: Pick<Output, "terminal">,
  options: { color?: boolean; noColor?: boolean } = {},
  environment: Environment = processVariable,
): boolean {
  if (options.color && options.noColor) {
    throw new UsageError("--color and --no-color contradict each other");
  }
  if (options.color || options.noColor) return options.color === true;
  const forced = environment("FORCE_COLOR");
  // Node's rule: "0" and "false" turn colours off, all else on, the empty value too.
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (environment("NO_COLOR")) return false;
  return output.terminal && environment("TERM") !== "dumb";
}

/** A variable of this process; without permission for it, only what Deno tells of `NO_COLOR`. */
export function processVariable(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state === "granted") {
    return Deno.env.get(name);
  }
  return name === "NO_COLOR" && Deno.noColor ? "1" : undefined;
}

/** How a text may look. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Gives a text a look, or leaves it. */
export type Paint = (style: Style, text: string) => string;

/** A {@linkcode Paint} that does it or does not. */
export function painter(colors: boolean): Paint {
  return (style, text) =>
    colors && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}
