import { basename, dirname, resolve } from "node:path";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { didYouMean } from "../values/choices.ts";
import { nearestFile } from "./near_files.ts";
import { quotePlaceholders } from "./placeholders.ts";
import type { SimFile } from "./written.ts";

/**
 * Reads a file of simulations.
 *
 * @param path As messages name it.
 * @param cwd What a relative path is relative to.
 * @throws {TomlError} If it cannot be read, or is no TOML.
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

async function meant(path: string): Promise<string> {
  const near = await nearestFile(basename(path, ".toml"), [dirname(path)]);
  if (near === basename(path, ".toml")) return ""; // a link to nowhere
  return didYouMean(near && `${near}.toml`);
}

/** That a file or a directory cannot be read, and what the system says of it. */
export function unreadable(error: unknown): string {
  // Without the call, whose path may be another than the one that was given.
  return `it cannot be read: ${(error as Error).message.replace(/: [a-z]+ '.*$/s, "")}`;
}

/** What a text says; a placeholder of the matrix may do without quotes. */
export function parseSimText(path: string, text: string): TomlDocument {
  try {
    return TomlDocument.parse(path, text);
  } catch (error) {
    const quoted = quotePlaceholders(text);
    if (!(error instanceof TomlError) || quoted === text) throw error;
    return TomlDocument.parse(path, quoted);
  }
}
