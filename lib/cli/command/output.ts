import { NetyardError } from "../../../native/error.ts";

/** An output of a command cannot be written. */
export class OutputError extends NetyardError {}

/** An output of a command. */
export interface Output {
  /** Writes a text. */
  write(text: string): void;
  /** Writes a text and a line break. */
  line(text?: string): void;
  /** Whether it is a terminal. */
  readonly terminal: boolean;
  /** The width of the terminal in characters; 80 without one. */
  readonly columns: number;
  /** The height of the terminal in lines; 24 without one. */
  readonly rows: number;
  /** Whether its reader has closed it, as `| head` does; known after the next write. */
  readonly closed?: boolean;
}

/**
 * An output to a stream of this process. A reader that closes it is not an error. Other failed writes, such
 * as to a file on a full disk, throw an {@linkcode OutputError}.
 */
export function streamOutput(stream: typeof Deno.stdout | typeof Deno.stderr): Output {
  const encoder = new TextEncoder();
  let closed = false;
  const write = (text: string) => {
    let rest = encoder.encode(text);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      // As in `netyard ... | head`.
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
    // A terminal may report 0 for "unknown".
    return { columns: size.columns || none.columns, rows: size.rows || none.rows };
  } catch {
    // Deno tries the standard streams in turn; those before this one may be closed.
    return none;
  }
}
