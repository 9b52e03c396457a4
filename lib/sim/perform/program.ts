import { stripVTControlCharacters } from "node:util";
import { type Giver, printedText } from "../values/captures.ts";
import { LineSplitter } from "../../files/line_splitter.ts";
import { OutputParser, type Pipe } from "../values/output_parser.ts";
import { type ProgramEnd, StepError } from "../values/step_error.ts";
import type { RunStep, SpawnStep } from "../types/types.ts";

/** How many lines of its standard error a failure shows. */
const STDERR_LINES = 20;

/** How many lines of both outputs a message shows. */
const SHOWN_LINES = 5;

/** How long a program that is to end may take to, before it is killed. */
const GRACE_MS = 2000;

/** How long killing it may take. */
const KILL_MS = 5000;

/**
 * How long after a program's end its outputs may be silent and still open: then what it has left
 * behind holds them. What the program itself printed comes at once, even where all else is slow.
 */
const SILENCE_MS = 1000;

/**
 * What comes later than this after a program's end, or after so many bytes more, is of what it has left
 * behind, which may print for ever: pipes and the queues behind them hold less of the program itself.
 */
const LEFT_MS = 5000;
const LEFT_BYTES = 2 << 20;

/** How a program ended. */
export interface Exit {
  /** 128 and the signal's number if a signal ended it. */
  code: number;
  signal: string | null;
}

/** A program that runs somewhere. */
export interface Running {
  stdout: ReadableStream<Uint8Array>;
  stderr: ReadableStream<Uint8Array>;
  /** Rejects where it cannot be told. */
  exited: Promise<Exit>;
  /** After its end it does nothing. */
  kill(signal: "SIGTERM" | "SIGKILL"): void | Promise<void>;
  /** Whether its outputs end with it, whatever it has left behind. Default: false. */
  endsOutputs?: boolean;
}

/** Who is told of what a program prints. */
export interface Listeners {
  /** A capture has a value. */
  capture(name: string, value: string): void;
  /** A line came. */
  line?(pipe: Pipe, text: string): void;
  /** Bytes came; what it returns is waited for before more are read. */
  bytes?(pipe: Pipe, chunk: Uint8Array): void | Promise<void>;
}

/** The program of a `run` or `spawn` step, of which all that it prints is read. */
export class Program implements Giver {
  readonly step: RunStep | SpawnStep;
  /** What was run, with all values filled in. */
  readonly command: string[];
  /** Resolves, never rejects, when it has ended and its captures are what they will be. */
  readonly over: Promise<void>;
  /** Resolves, never rejects, when its outputs are closed: also those of what it has left behind. */
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

  /** `running` is that of the step's command. */
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
    this.over = this.#end();
  }

  /** How it ended; undefined as long as it runs, and where that cannot be told. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Whether it has ended, which may be before all that it printed is read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it was ended from here. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Why it did not do what it was to; undefined if it did, or still runs. */
  get failure(): StepError | undefined {
    if (this.#failure) return this.#failure;
    if (!this.#exit || (this.#exit.code === 0 && this.#exit.signal === null)) return undefined;
    // Where it told nothing of errors, what it told otherwise may say why.
    const said = this.#stderr.lines.length > 0 ? "" : printedText(this.printed());
    return new StepError(`${this.title} ${this.how()}${said && `; ${said}`}`, {
      program: this.end(),
    });
  }

  /** What messages call it: `"ping -c 1 10.0.0.2"`. */
  get title(): string {
    const text = this.command.join(" ").replace(/\s+/g, " ");
    return `"${text.length > 120 ? `${text.slice(0, 117)}...` : text}"`;
  }

  how(): string {
    const failed = this.#failure ? `failed (${this.#failure.message})` : "";
    if (!this.#exit) return failed || "still runs";
    const { code, signal } = this.#exit;
    const ended = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    return failed ? `${ended} and ${failed}` : ended;
  }

  printed(): string[] {
    return this.#last.lines;
  }

  end(): ProgramEnd {
    return {
      command: this.command,
      ...this.#exit && { exitCode: this.#exit.code },
      ...this.#exit?.signal && { signal: this.#exit.signal },
      stderr: this.#stderr.lines,
      device: this.step.device,
    };
  }

  /** Ends it: SIGTERM, and SIGKILL where that does not help. Resolves when it has ended, or cannot be. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#isStopped = true;
    await this.#endBy("SIGTERM", GRACE_MS);
    // What not even this ends, since a guest does not answer, ends with the network.
    if (!this.#hasEnded) await this.#endBy("SIGKILL", KILL_MS);
  }

  /** What to tell of its output, though the step may have passed: a capture that has no value, say. */
  warnings(has: (name: string) => boolean): string[] {
    const { id, captures, parser } = this.step;
    const notJson = this.#parser.notJson > 0 ? `, ${this.#parser.notJson} of them no JSON` : "";
    const missing = Object.keys(captures).filter((name) => !has(name)).map((name) =>
      `the capture "${id}.${name}" never matched, in ${this.#lines} lines${notJson} (parser "${parser}")`
    );
    const cut = this.#cut > 0
      ? [
        `step "${id}": ${this.#cut} lines were longer than a line may be, and are read only in part`,
      ]
      : [];
    return [...missing, ...cut];
  }

  /** Sends a signal, and waits so long for its end. */
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
      // It has ended meanwhile.
    }
  }

  async #end(): Promise<void> {
    await this.#exited;
    const exitedAt = performance.now();
    let isDrained = false;
    const drained = this.drained.then(() => void (isDrained = true));
    while (!isDrained) {
      const now = performance.now();
      const silent = now - Math.max(exitedAt, this.#read);
      if (silent >= SILENCE_MS) break;
      const isLeft = now - exitedAt >= LEFT_MS || this.#readAfterEnd > LEFT_BYTES;
      if (isLeft && !this.#running.endsOutputs) break;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const pause = new Promise<void>((done) => timer = setTimeout(done, SILENCE_MS - silent));
      await Promise.race([drained, pause]);
      clearTimeout(timer);
    }
    try {
      this.#parser.end();
    } catch (error) {
      // Where it failed, what it printed is not the cause.
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
      : new StepError(message, { cause, program: this.end() });
  }
}

/** Of a line, what is kept: enough to read. */
const LONGEST = 2000;

/** The last lines of a text that has no end. */
export class LastLines {
  #lines: string[] = [];
  #count: number;

  /** `count` is how many are kept. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Adds lines, and lets go of as many. */
  push(lines: readonly string[]): void {
    const added = lines.slice(-this.#count).map((line) =>
      line.length > LONGEST ? `${line.slice(0, LONGEST)}[...]` : line
    );
    this.#lines = [...this.#lines, ...added].slice(-this.#count);
  }

  /** Those that are kept, the last one last, without what colours them on a terminal. */
  get lines(): string[] {
    return this.#lines.map(stripVTControlCharacters);
  }
}
