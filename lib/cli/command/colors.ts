import { styleText } from "node:util";
import { UsageError } from "./command.ts";
import type { Output } from "./output.ts";

/** Returns the value of an environment variable. */
export type Environment = (name: string) => string | undefined;

/**
 * Whether to colour an output. The options decide, then `FORCE_COLOR` and `NO_COLOR`
 * (https://no-color.org), and then whether it is a terminal with colours.
 *
 * @throws {UsageError} both options are given
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
  // As in Node: "0" and "false" turn colours off, every other value turns them on, even an empty one.
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (environment("NO_COLOR")) return false;
  return output.terminal && environment("TERM") !== "dumb";
}

/** Reads a variable of this process; without the permission, only `NO_COLOR`, which Deno exposes. */
export function processVariable(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state === "granted") {
    return Deno.env.get(name);
  }
  return name === "NO_COLOR" && Deno.noColor ? "1" : undefined;
}

/** The styles of text. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Styles a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;

/** Returns a {@linkcode Paint} that uses colours or not. */
export function painter(colors: boolean): Paint {
  return (style, text) =>
    colors && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}
