import { NetyardError } from "../../../native/error.ts";

/** What a command says could not be written. */
export class OutputError extends NetyardError {}

/** Where a command writes to. */
export interface Output {
  /** Writes a text as it is. */
  write(text: string): void;
  /** Writes a text and a line break. */
  line(text?: string): void;
  /** Whether someone looks at it now. */
  readonly terminal: boolean;
  /** How many characters a line of the terminal has; 80 where there is none. */
  readonly columns: number;
  /** How many lines the terminal has; 24 where there is none. */
  readonly rows: number;
  /** Whether nobody reads it any more, as after `| head`; known once something was written since. */
  readonly closed?: boolean;
}

/**
 * An output that goes to a stream of this process. Whoever stops reading it is no failure; what else
 * cannot be written, as into a file on a full disk, is an {@linkcode OutputError}.
 */
export function streamOutput(stream: typeof Deno.stdout | typeof Deno.stderr): Output {
  const encoder = new TextEncoder();
  let closed = false;
  const write = (text: string) => {
    let rest = encoder.encode(text);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      // As of `netyard ... | head`.
      if (error instanceof Deno.errors.BrokenPipe) {
        closed = true;
        return;
      }
      const name = stream === Deno.stdout ? "output" : "error";
      throw new OutputError(`cannot write to the standard ${name}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  return {
    write,
    line: (text = "") => write(`${text}\n`),
    get closed() {
      return closed;
    },
    get terminal() {
      return stream.isTerminal();
    },
    get columns() {
      return consoleSize(stream).columns;
    },
    get rows() {
      return consoleSize(stream).rows;
    },
  };
}

function consoleSize(stream: typeof Deno.stdout): { columns: number; rows: number } {
  const none = { columns: 80, rows: 24 };
  try {
    const size = stream.isTerminal() ? Deno.consoleSize() : none;
    // A terminal may say 0 for "unknown".
    return { columns: size.columns || none.columns, rows: size.rows || none.rows };
  } catch {
    // The size is asked of the standard streams in turn; those before this one may be closed.
    return none;
  }
}
