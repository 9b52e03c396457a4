import { stripVTControlCharacters } from "node:util";
import { type CaptureSource, printedText } from "../values/captures.ts";
import { LineSplitter, LONGEST_LINE } from "../../files/line_splitter.ts";
import { LEFT_MS, outputEnd } from "../values/output_end.ts";
import { OutputParser, type Pipe } from "../values/output_parser.ts";
import { type ProgramEnd, StepError } from "../values/step_error.ts";
import type { RunStep, SpawnStep } from "../types/types.ts";

/** The number of lines of standard error that a failure shows. */
const STDERR_LINES = 20;

/** The number of lines of both outputs that a message shows. */
const SHOWN_LINES = 5;

/** How long a program may take to end after SIGTERM, before SIGKILL. */
const GRACE_MS = 2000;

/** How long it may take to end after SIGKILL. */
const KILL_MS = 5000;

/**
 * Output after this many bytes since a program's end is from processes that it left behind, which may
 * print forever: pipes and queues hold less of the program's own output.
 */
const LEFT_BYTES = 2 << 20;

/** How a program ended. */
export interface Exit {
  /** 128 and the signal's number if a signal ended it. */
  code: number;
  signal: string | null;
}

/** A running program, in a node or a virtual machine. */
export interface Running {
  stdout: ReadableStream<Uint8Array>;
  stderr: ReadableStream<Uint8Array>;
  /** Rejects if the exit code cannot be determined. */
  exited: Promise<Exit>;
  /** Does nothing after the program's end. */
  kill(signal: "SIGTERM" | "SIGKILL"): void | Promise<void>;
  /** Whether its outputs end with it, even if it leaves processes behind. Default: false. */
  endsOutputs?: boolean;
}

/** Callbacks for the output of a program. */
export interface Listeners {
  /** Called with each captured value. */
  capture(name: string, value: string): void;
  /** Called with each line. */
  line?(pipe: Pipe, text: string): void;
  /** Called with each chunk; the next one is read when the result resolves. */
  bytes?(pipe: Pipe, chunk: Uint8Array): void | Promise<void>;
}

/** The program of a `run` or `spawn` step, and its output. */
export class Program implements CaptureSource {
  readonly step: RunStep | SpawnStep;
  /** The command, with all references filled in. */
  readonly command: string[];
  /** Resolves, never rejects, when the program has ended and its captures are final. */
  readonly finished: Promise<void>;
  /** Resolves, never rejects, when its outputs are closed, also by processes that it left behind. */
  readonly drained: Promise<void>;
  isAwaited = false;
  #running: Running;
  #listeners: Listeners;
  #parser: OutputParser;
  #exit: Exit | undefined;
  #failure: StepError | undefined;
  #exited: Promise<void>;
  #stderr = new LastLines(STDERR_LINES);
  #last = new LastLines(SHOWN_LINES);
  #cut = 0;
  #lines = 0;
  #read = 0;
  #readAfterEnd = 0;
  #isStopped = false;
  #hasEnded = false;

  /** `running` runs the step's command. */
  constructor(
    step: RunStep | SpawnStep,
    command: string[],
    running: Running,
    listeners: Listeners,
  ) {
    this.step = step;
    this.command = command;
    this.#running = running;
    this.#listeners = listeners;
    this.#parser = new OutputParser(step.parser, step.captures, listeners.capture);
    this.drained = Promise.all([
      this.#follow("stdout", running.stdout),
      this.#follow("stderr", running.stderr),
    ]).then(() => {});
    this.#exited = running.exited.then(
      (exit) => void (this.#exit = exit),
      (error) => this.#fail(error.message, error),
    ).then(() => void (this.#hasEnded = true));
    this.finished = this.#end();
  }

  /** How it ended; undefined while it runs, and if that cannot be determined. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Whether it has ended; its output may not be read completely yet. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether {@link stop} ended it. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Why it failed; undefined if it succeeded, or still runs. */
  get failure(): StepError | undefined {
    if (this.#failure) return this.#failure;
    if (!this.#exit || (this.#exit.code === 0 && this.#exit.signal === null)) return undefined;
    // Without error output, the standard output may show the cause.
    const said = this.#stderr.lines.length > 0 ? "" : printedText(this.lastLines());
    return new StepError(`${this.title} ${this.state()}${said && `; ${said}`}`, {
      program: this.programEnd(),
    });
  }

  /** Its name in messages: `"ping -c 1 10.0.0.2"`. */
  get title(): string {
    const text = this.command.join(" ").replace(/\s+/g, " ");
    return `"${text.length > 120 ? `${text.slice(0, 117)}...` : text}"`;
  }

  state(): string {
    const failed = this.#failure ? `failed (${this.#failure.message})` : "";
    if (!this.#exit) return failed || "still runs";
    const { code, signal } = this.#exit;
    const ended = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    return failed ? `${ended} and ${failed}` : ended;
  }

  lastLines(): string[] {
    return this.#last.lines;
  }

  programEnd(): ProgramEnd {
    return {
      command: this.command,
      ...this.#exit && { exitCode: this.#exit.code },
      ...this.#exit?.signal && { signal: this.#exit.signal },
      stderr: this.#stderr.lines,
      device: this.step.device,
    };
  }

  /** Ends it by SIGTERM, then by SIGKILL. Resolves when it has ended, or does not end even so. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#isStopped = true;
    await this.#endBy("SIGTERM", GRACE_MS);
    // A program that does not end even so, because its guest does not answer, ends with the network.
    if (!this.#hasEnded) await this.#endBy("SIGKILL", KILL_MS);
  }

  /** Returns problems of its output that did not fail the step, such as a capture without a value. */
  warnings(has: (name: string) => boolean): string[] {
    const { id, captures, parser } = this.step;
    const notJson = this.#parser.notJson > 0 ? `, ${this.#parser.notJson} of them not JSON` : "";
    const missing = Object.keys(captures).filter((name) => !has(name)).map((name) =>
      `the capture "${id}.${name}" never matched, in ${this.#lines} lines${notJson} (parser "${parser}")`
    );
    const cut = this.#cut > 0
      ? [
        `step "${id}": ${this.#cut} lines were too long, and were cut to ${LONGEST_LINE} characters`,
      ]
      : [];
    return [...missing, ...cut];
  }

  /** Sends a signal, and waits for the program's end, at most `ms`. */
  async #endBy(signal: "SIGTERM" | "SIGKILL", ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
    await Promise.race([this.#signal(signal).then(() => this.#exited), grace]);
    clearTimeout(timer);
  }

  async #signal(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    try {
      await this.#running.kill(signal);
    } catch {
      // It has already ended.
    }
  }

  async #end(): Promise<void> {
    await this.#exited;
    const isLate = (sinceEndMs: number) =>
      !this.#running.endsOutputs && (sinceEndMs >= LEFT_MS || this.#readAfterEnd > LEFT_BYTES);
    await outputEnd(this.drained, () => this.#read, isLate);
    try {
      this.#parser.end();
    } catch (error) {
      // If the program failed, its output is not the cause.
      if (this.#exit?.code === 0) this.#fail(`${this.title}: ${(error as Error).message}`, error);
    }
  }

  async #follow(pipe: Pipe, stream: ReadableStream<Uint8Array>): Promise<void> {
    const splitter = new LineSplitter();
    try {
      for await (const chunk of stream) {
        await this.#listeners.bytes?.(pipe, chunk);
        this.#parser.chunk(pipe, chunk);
        this.#take(pipe, splitter.push(chunk));
        this.#read = performance.now();
        if (this.#hasEnded) this.#readAfterEnd += chunk.length;
      }
      this.#take(pipe, splitter.end());
    } catch (error) {
      this.#fail(`${this.title}: reading its ${pipe}: ${(error as Error).message}`, error);
    }
    this.#cut += splitter.cut;
  }

  #take(pipe: Pipe, lines: string[]): void {
    if (lines.length === 0) return;
    this.#lines += lines.length;
    this.#last.push(lines);
    if (pipe === "stderr") this.#stderr.push(lines);
    for (const line of lines) {
      this.#parser.line(pipe, line);
      this.#listeners.line?.(pipe, line);
    }
  }

  #fail(message: string, cause: unknown): void {
    this.#failure ??= cause instanceof StepError && cause.program.command
      ? cause
      : new StepError(message, { cause, program: this.programEnd() });
  }
}

/** How many characters of a line are kept. */
const LONGEST_KEPT = 2000;

/** The last lines of a stream. */
class LastLines {
  #lines: string[] = [];
  #count: number;

  /** `count` is the number of lines that are kept. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Adds lines, and drops the oldest ones. */
  push(lines: readonly string[]): void {
    const added = lines.slice(-this.#count).map((line) =>
      line.length > LONGEST_KEPT ? `${line.slice(0, LONGEST_KEPT)}[...]` : line
    );
    this.#lines = [...this.#lines, ...added].slice(-this.#count);
  }

  /** The lines that are kept, in order, without the control sequences of terminals. */
  get lines(): string[] {
    return this.#lines.map(stripVTControlCharacters);
  }
}
