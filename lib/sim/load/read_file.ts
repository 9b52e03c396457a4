import { basename, dirname, resolve } from "node:path";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { didYouMean } from "../values/choices.ts";
import { nearestFile } from "./near_files.ts";
import type { SimFile } from "./written.ts";

/**
 * Reads a file of simulations.
 *
 * @param path The path, as messages show it.
 * @param cwd The directory that a relative path is relative to.
 * @throws {TomlError} If it cannot be read, or is not TOML.
 */
export async function readSimFile(path: string, cwd: string): Promise<SimFile> {
  const absolute = resolve(cwd, path);
  let text: string;
  try {
    text = await Deno.readTextFile(absolute);
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? `there is no such file${await meant(absolute)}`
      : unreadable(error);
    throw new TomlError([{ where: path, message }], { cause: error });
  }
  return { document: parseSimText(path, text), directory: dirname(absolute) };
}

/** Suggests a file with a similar name. */
async function meant(path: string): Promise<string> {
  const near = await nearestFile(basename(path, ".toml"), [dirname(path)]);
  if (near === basename(path, ".toml")) return ""; // a dangling link
  return didYouMean(near && `${near}.toml`);
}

/** The message for a file or directory that cannot be read, with the reason of the system. */
export function unreadable(error: unknown): string {
  // Without the system call, whose path may differ from the given one.
  return `it cannot be read: ${(error as Error).message.replace(/: [a-z]+ '.*$/s, "")}`;
}

/** Parses a text; placeholders of the matrix need no quotes. */
export function parseSimText(path: string, text: string): TomlDocument {
  try {
    return TomlDocument.parse(path, text);
  } catch (error) {
    const quoted = quotePlaceholders(text);
    if (!(error instanceof TomlError) || quoted === text) throw error;
    return TomlDocument.parse(path, quoted);
  }
}

/**
 * Puts quotes around each `${matrix.KEY}` outside of strings and comments, as some write it for numbers:
 * `latency_ms = ${matrix.latency}`. Line numbers stay the same.
 *
 * @example
 * ```ts
 * import { quotePlaceholders } from "./read_file.ts";
 *
 * console.assert(quotePlaceholders('a = ${matrix.x} # ${matrix.y}') === 'a = "${matrix.x}" # ${matrix.y}');
 * ```
 */
export function quotePlaceholders(text: string): string {
  return text.replace(PIECES, (piece) => piece.startsWith("${") ? `"${piece}"` : piece);
}

// Strings of several lines, strings of one line and comments come first: their placeholders stay as they are.
const PIECES = new RegExp(
  [
    String.raw`"""(?:\\[^]|[^\\])*?"""+`,
    String.raw`'''[^]*?'''+`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'[^'\n]*'`,
    String.raw`#[^\n]*`,
    String.raw`\$\{matrix\.[A-Za-z0-9_-]+\}`,
  ].join("|"),
  "g",
);
