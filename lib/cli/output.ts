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
  /** Whether nobody reads it any more, as after `| head`; known once something was written since. */
  readonly closed?: boolean;
}

/** An output that goes to a stream of this process. Whoever stops reading it is no failure. */
export function streamOutput(stream: typeof Deno.stdout | typeof Deno.stderr): Output {
  const encoder = new TextEncoder();
  let closed = false;
  const write = (text: string) => {
    let rest = encoder.encode(text);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      // As of `netyard ... | head`.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      closed = true;
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
      try {
        return stream.isTerminal() ? Deno.consoleSize().columns : 80;
      } catch {
        // The size is asked of the standard input and the other streams; none may be a terminal.
        return 80;
      }
    },
  };
}
