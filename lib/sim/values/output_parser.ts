import { matches, parseJson, pick, valueText } from "./pick.ts";
import { StepError } from "./step_error.ts";

/** How a program's output is read. */
export type ParserKind = "text" | "ndjson" | "json";

/** `[step.captures.NAME]`: a value taken from what a program prints. */
export interface CaptureSpec {
  /** Which output is read. */
  pipe: "stdout" | "stderr";
  /** On each line of text: captures the first group, or the whole match without a group. */
  regex?: RegExp;
  /** What the JSON value must contain, by dot-path. */
  match?: Record<string, string>;
  /** The dot-path of the value in the JSON: `.end.sum_received.bytes`, `.addrs.0`. */
  pick?: string;
}

/** One of a program's outputs. */
export type Pipe = CaptureSpec["pipe"];

/** The largest document that the parser `json` accepts, in characters. */
export const LARGEST_DOCUMENT = 64 << 20;

/** How many characters of invalid JSON an error shows. */
const SHOWN = 120;

/** Captures the values of one step from the output of its program. */
export class OutputParser {
  readonly kind: ParserKind;
  #captures: [name: string, spec: CaptureSpec][];
  #found: (name: string, value: string) => void;
  /** Whether lines of a pipe are read as JSON. */
  #readsJson: Record<Pipe, boolean>;
  #documents: Record<Pipe, { parts: string[]; length: number } | undefined>;
  #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  #notJson = 0;

  /** `found` is called with each captured value as soon as it is read. */
  constructor(
    kind: ParserKind,
    captures: Readonly<Record<string, CaptureSpec>>,
    found: (name: string, value: string) => void,
  ) {
    this.kind = kind;
    this.#captures = Object.entries(captures);
    this.#found = found;
    const picks = (pipe: Pipe) =>
      this.#captures.some(([, spec]) => spec.pipe === pipe && spec.pick !== undefined);
    this.#readsJson = {
      stdout: kind === "ndjson" && picks("stdout"),
      stderr: kind === "ndjson" && picks("stderr"),
    };
    const document = () => ({ parts: [], length: 0 });
    this.#documents = {
      stdout: kind === "json" ? document() : undefined,
      stderr: kind === "json" && picks("stderr") ? document() : undefined,
    };
  }

  /** The number of lines that the parser `ndjson` could not read as JSON, without empty ones. */
  get notJson(): number {
    return this.#notJson;
  }

  /** Reads bytes, for documents that are parsed as a whole. */
  chunk(pipe: Pipe, bytes: Uint8Array): void {
    const document = this.#documents[pipe];
    if (!document || document.length > LARGEST_DOCUMENT) return;
    const text = this.#decoders[pipe].decode(bytes, { stream: true });
    document.parts.push(text);
    document.length += text.length;
  }

  /** Reads a line. */
  line(pipe: Pipe, text: string): void {
    for (const [name, { pipe: from, regex }] of this.#captures) {
      if (from !== pipe || !regex) continue;
      const match = text.match(regex);
      if (match) this.#found(name, match[1] ?? match[0]);
    }
    if (!this.#readsJson[pipe] || text.trim() === "") return;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch {
      this.#notJson++;
      return;
    }
    this.#pick(pipe, value);
  }

  /**
   * Parses documents; call it after the last byte.
   *
   * @throws {StepError} If a document is not JSON, or too large.
   */
  end(): void {
    for (const pipe of ["stdout", "stderr"] as const) {
      const document = this.#documents[pipe];
      if (!document) continue;
      if (document.length > LARGEST_DOCUMENT) {
        throw new StepError(
          `its ${pipe} has more than ${
            LARGEST_DOCUMENT >> 20
          } Mi characters, too many for the parser "json"; ` +
            'print less, or one value per line for the parser "ndjson"',
        );
      }
      const text = document.parts.join("") + this.#decoders[pipe].decode();
      this.#documents[pipe] = undefined;
      this.#pick(pipe, parseWhole(pipe, text));
    }
  }

  #pick(pipe: Pipe, value: unknown): void {
    for (const [name, { pipe: from, match, pick: path }] of this.#captures) {
      if (from !== pipe || path === undefined || (match && !matches(value, match))) continue;
      const found = pick(value, path);
      if (found !== undefined) this.#found(name, valueText(found));
    }
  }
}

function parseWhole(pipe: Pipe, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const begins = text.trim() === ""
      ? "it printed nothing"
      : `it starts with ${JSON.stringify(text.slice(0, SHOWN))}`;
    throw new StepError(
      `its ${pipe} is not JSON, which the parser "json" reads: ${
        (cause as Error).message
      }; ${begins}`,
      { cause },
    );
  }
}
