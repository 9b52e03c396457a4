import { AppendFile } from "./append_file.ts";
import type { EventBus } from "./bus.ts";
import { EventBusError, RunDirectoryError } from "./errors.ts";
import { runName } from "./run_name.ts";
import { StateFile } from "./state_file.ts";
import type { LabEvent } from "./types.ts";

/** One of the two logs of a node. */
export type LogStream = "stdout" | "stderr";

/**
 * The directory that keeps the record of one run of a lab. {@linkcode RunDirectory.create} creates one
 * below a root directory, {@linkcode RunDirectory.at} uses the given directory:
 *
 * ```text
 * <root>/20260102-030405-678-hello/
 *   events.jsonl                 one event per line, in order
 *   state.json                   the state after them; complete at any time
 *   nodes/<node>/stdout.log      the output of its programs
 *   nodes/<node>/stderr.log
 *   telemetry.jsonl              what programs of a lab sent by OpenTelemetry's protocol, if any did
 * ```
 *
 * All writes are queued and done in the background. A write error does not fail the call that emits or
 * logs: {@linkcode RunDirectory.close} reports it.
 *
 * @example
 * ```ts
 * import { EventBus, RunDirectory } from "@netyard/netyard";
 *
 * using bus = new EventBus();
 * await using run = await RunDirectory.create(await Deno.makeTempDir(), "hello");
 * run.attach(bus);
 * bus.emit({ kind: "lab-created", label: "hello" });
 * console.log(run.path);
 * ```
 */
export class RunDirectory implements AsyncDisposable {
  /** Its path: the one given to `at()`, or the `root` given to `create()` and the name of the run. */
  readonly path: string;
  readonly #events: AppendFile;
  readonly #logs = new Map<string, AppendFile>();
  #state: StateFile | undefined;
  #detach: () => void = () => {};
  #closing: Promise<RunDirectoryError[]> | undefined;

  private constructor(path: string, events: Deno.FsFile) {
    this.path = path;
    this.#events = new AppendFile(`${path}/events.jsonl`, () => Promise.resolve(events));
  }

  /**
   * Creates a new directory below `root`, and `root` if it is missing. Two runs never share one: where the
   * name is taken, the new directory gets the suffix `-2`, `-3` and so on.
   *
   * @param root the directory of all runs
   * @param label part of the name, made safe for file names; default `lab`
   * @param now the time in the name; default the current time
   * @throws {RunDirectoryError} it cannot be created or written
   */
  static async create(
    root: string,
    label?: string,
    now: Date = new Date(),
  ): Promise<RunDirectory> {
    const requested = `${withoutSlash(root)}/${runName(label, now)}`;
    try {
      await Deno.mkdir(root, { recursive: true });
      const path = await createUnique(requested);
      const events = `${path}/events.jsonl`;
      return new RunDirectory(path, await Deno.open(events, { createNew: true, append: true }));
    } catch (cause) {
      throw new RunDirectoryError(
        `cannot create the run directory ${requested}: ${(cause as Error).message}; ` +
          "choose another directory for the runs, or make this one writable",
        requested,
        { cause },
      );
    }
  }

  /**
   * Keeps the run in `path` itself, which is created if it is missing. It may have other files, but no
   * other run.
   *
   * @throws {RunDirectoryError} it has a run already, or it cannot be created or written
   *
   * @example
   * ```ts
   * import { RunDirectory } from "@netyard/netyard";
   *
   * const path = `${await Deno.makeTempDir()}/hello`;
   * await using run = await RunDirectory.at(path);
   * console.log(run.path === path);
   * ```
   */
  static async at(path: string): Promise<RunDirectory> {
    const requested = withoutSlash(path);
    try {
      await Deno.mkdir(requested, { recursive: true });
      const events = `${requested}/events.jsonl`;
      return new RunDirectory(
        requested,
        await Deno.open(events, { createNew: true, append: true }),
      );
    } catch (cause) {
      const why = cause instanceof Deno.errors.AlreadyExists && await isDirectory(requested)
        ? `cannot keep a run in ${requested}: it has one already, in events.jsonl; ` +
          "choose another directory, or move that run away"
        : `cannot keep a run in ${requested}: ${(cause as Error).message}; ` +
          "choose another directory, or make this one writable";
      throw new RunDirectoryError(why, requested, { cause });
    }
  }

  /**
   * Writes the events of a bus, including those before this call, and updates `state.json` with a delay
   * of about 100 ms (more in labs of thousands of nodes).
   *
   * @throws {EventBusError} it has a bus already
   */
  attach(bus: EventBus): void {
    if (this.#state) throw new EventBusError(`${this.path} keeps the events of another bus`);
    const state = new StateFile(this.path, () => bus.state, () => this.#events.written);
    const encoder = new TextEncoder();
    const write = (event: LabEvent) => {
      this.#events.write(encoder.encode(JSON.stringify(event) + "\n"));
      state.touch();
    };
    this.#state = state;
    bus.history.forEach(write);
    this.#detach = bus.listen(write);
  }

  /**
   * Appends to a node's log. The bytes are copied. Chunks are dropped after
   * {@linkcode RunDirectory.close}, since output of a killed program may arrive late.
   *
   * @returns resolves when the chunk is written, and never rejects; a caller that awaits it has no more
   * than one chunk in memory
   * @throws {RunDirectoryError} the node's name cannot be the name of a directory
   *
   * @example
   * ```ts
   * import { RunDirectory } from "@netyard/netyard";
   *
   * await using run = await RunDirectory.create(await Deno.makeTempDir());
   * await run.log("laptop", "stdout", new TextEncoder().encode("hello\n"));
   * ```
   */
  log(node: string, stream: LogStream, chunk: Uint8Array): Promise<void> {
    if (this.#closing) return Promise.resolve();
    const path = `${this.path}/nodes/${node}/${stream}.log`;
    let file = this.#logs.get(path);
    if (!file) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(node)) {
        throw new RunDirectoryError(
          `the log of node "${node}" cannot be written: the name is not safe in a path`,
          path,
        );
      }
      file = new AppendFile(path, () => openLog(this.path, node, path));
      this.#logs.set(path, file);
    }
    return file.write(chunk.slice());
  }

  /**
   * Writes the queued chunks and the final `state.json`, and closes every file. Another call only waits for
   * the first one.
   *
   * @throws {RunDirectoryError} a file could not be written since the directory was created. Only the
   * first call reports it
   */
  async close(): Promise<void> {
    if (this.#closing) return void await this.#closing;
    this.#closing = this.#finish();
    const errors = await this.#closing;
    if (errors.length === 0) return;
    const more = errors.length > 1 ? ` (and errors in ${errors.length - 1} other files)` : "";
    throw new RunDirectoryError(
      `the record of this run is incomplete: ${errors[0].message}${more}`,
      errors[0].path,
      { cause: errors.length > 1 ? new AggregateError(errors) : errors[0] },
    );
  }

  /** {@linkcode RunDirectory.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<RunDirectoryError[]> {
    this.#detach();
    const files = [this.#events, ...this.#logs.values(), ...(this.#state ? [this.#state] : [])];
    const errors = await Promise.all(files.map((file) => file.close()));
    return errors.filter((error) => error !== undefined);
  }
}

const withoutSlash = (path: string) => path.replace(/(?<=.)\/+$/, "");

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isDirectory, () => false);
}

async function createUnique(base: string): Promise<string> {
  for (let n = 1;; n++) {
    const path = n === 1 ? base : `${base}-${n}`;
    try {
      await Deno.mkdir(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

// One level after the other, not `recursive`: a run directory that was removed must be an error.
async function openLog(run: string, node: string, path: string): Promise<Deno.FsFile> {
  for (const directory of [`${run}/nodes`, `${run}/nodes/${node}`]) {
    await Deno.mkdir(directory).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
  return await Deno.open(path, { create: true, append: true });
}
