/**
 * TOML files: a document that knows the line of each value, and schemas for files that are derived from
 * the schemas of options, so that each fault has its file and line. Imports `options` for messages.
 * Begin here, then `check.ts` and `schema.ts`.
 *
 * @module
 */
import { parse, TomlError as SyntaxFault } from "@std/toml";
import { type Position, positionsOf } from "./positions.ts";
import { TomlError } from "./errors.ts";

/** The keys and indices that lead to a value. */
export type TomlPath = readonly PropertyKey[];

/**
 * The contents of a TOML file: its value, and the line of each part, for messages.
 *
 * @example
 * ```ts
 * import { TomlDocument } from "./document.ts";
 *
 * const document = TomlDocument.parse("lab.toml", '[device.a]\ncount = 0\n');
 * console.assert(document.where(["device", "a", "count"]) === "lab.toml:2");
 * ```
 */
export class TomlDocument {
  /** The name of the file in messages. */
  readonly path: string;
  /** Its value. */
  readonly value: Record<string, unknown>;
  readonly #text: string;
  #positions: Map<string, Position> | undefined;

  private constructor(path: string, text: string, value: Record<string, unknown>) {
    this.path = path;
    this.value = value;
    this.#text = text;
  }

  /**
   * Reads a file.
   *
   * @throws {TomlError} If the file does not exist, cannot be read, or is not TOML.
   */
  static async read(path: string): Promise<TomlDocument> {
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? "there is no such file"
        : `it cannot be read: ${(error as Error).message}`;
      throw new TomlError([{ where: path, message: why }], { cause: error });
    }
    return TomlDocument.parse(path, text);
  }

  /**
   * Parses a text.
   *
   * @throws {TomlError} If the text is not TOML.
   */
  static parse(path: string, text: string): TomlDocument {
    const toml = text.replace(/^\ufeff/, ""); // the byte order mark, which some editors write
    try {
      return new TomlDocument(path, toml, parse(toml) as Record<string, unknown>);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      const [first, ...rest] = error.message.trimEnd().split("\n");
      const why = first.replace(/^Invalid TOML document: /, "")
        // The control character is nearly always the line break.
        .replace("control characters are not allowed in strings", '$&, nor line breaks in "..."');
      throw new TomlError([{
        where: `${path}:${error.line}`,
        message: [`this is not TOML: ${why}`, ...rest].join("\n"),
      }], { cause: error });
    }
  }

  /** Returns the document with another value of the same shape, as after a substitution in its strings. */
  withValue(value: Record<string, unknown>): TomlDocument {
    const other = new TomlDocument(this.path, this.#text, value);
    other.#positions = this.#positions;
    return other;
  }

  /** The line of a value, from 1. If there is no such value, the line of the nearest table that would have it. */
  line(path: TomlPath): number {
    this.#positions ??= knownPositions(this.#text);
    for (let length = path.length; length > 0; length--) {
      const position = this.#positions.get(keyOf(path.slice(0, length)));
      if (position) return position.line;
    }
    return 1;
  }

  /** The file and line of a value: `sims/a.toml:12`; only the file if lines are not known. */
  where(path: TomlPath): string {
    const line = this.line(path);
    return this.#positions === UNKNOWN ? this.path : `${this.path}:${line}`;
  }
}

/** Stands for unknown positions: the parser fails on a string of millions of characters. */
const UNKNOWN = new Map<string, Position>();

function knownPositions(text: string): Map<string, Position> {
  try {
    return positionsOf(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return UNKNOWN;
  }
}

const keyOf = (path: TomlPath) => JSON.stringify(path.map(String));
