import { parse, TomlError as SyntaxFault } from "@std/toml";
import { type Position, positionsOf } from "./positions.ts";
import { TomlError } from "./errors.ts";

/** The keys and the indices that lead to a value. */
export type TomlPath = readonly PropertyKey[];

/**
 * A TOML file that was read: its value, and where each part of it stands, for messages.
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
  /** The file, as messages name it. */
  readonly path: string;
  /** What it says. */
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
   * @throws {TomlError} If it is not there, cannot be read, or is no TOML.
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
   * What a text says.
   *
   * @throws {TomlError} If it is no TOML.
   */
  static parse(path: string, text: string): TomlDocument {
    const toml = text.replace(/^\ufeff/, ""); // the mark that some editors begin files with
    try {
      return new TomlDocument(path, toml, parse(toml) as Record<string, unknown>);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      const [first, ...rest] = error.message.trimEnd().split("\n");
      const why = first.replace(/^Invalid TOML document: /, "")
        // Of these it is nearly always the line break.
        .replace("control characters are not allowed in strings", '$&, nor line breaks in "..."');
      throw new TomlError([{
        where: `${path}:${error.line}`,
        message: [`this is no TOML: ${why}`, ...rest].join("\n"),
      }], { cause: error });
    }
  }

  /** The same file with another value of the same shape, as after a substitution in its strings. */
  withValue(value: Record<string, unknown>): TomlDocument {
    const other = new TomlDocument(this.path, this.#text, value);
    other.#positions = this.#positions;
    return other;
  }

  /** The line of a value, from 1; of one that is not there, that of the nearest that it would be in. */
  line(path: TomlPath): number {
    this.#positions ??= knownPositions(this.#text);
    for (let length = path.length; length > 0; length--) {
      const position = this.#positions.get(keyOf(path.slice(0, length)));
      if (position) return position.line;
    }
    return 1;
  }

  /** The file and the line of a value: `sims/a.toml:12`; the file alone where lines are not known. */
  where(path: TomlPath): string {
    const line = this.line(path);
    return this.#positions === UNKNOWN ? this.path : `${this.path}:${line}`;
  }
}

/** Those of a text whose lines are not known: the parser takes no string of millions of characters. */
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
