import { AppendFile } from "./append_file.ts";
import type { EventBus } from "./bus.ts";
import { EventBusError, RunDirectoryError } from "./errors.ts";
import { runName } from "./run_name.ts";
import { StateFile } from "./state_file.ts";
import type { LabEvent } from "./types.ts";

/** Which of a node's two logs. */
export type LogStream = "stdout" | "stderr";

/**
 * The directory that keeps one run of a lab. {@linkcode RunDirectory.create} makes one below another,
 * {@linkcode RunDirectory.at} takes one that it is given:
 *
 * ```text
 * <root>/20260102-030405-678-hello/
 *   events.jsonl                 one event a line, in order
 *   state.json                   what they amount to; whole at any moment
 *   nodes/<node>/stdout.log      what its programs printed
 *   nodes/<node>/stderr.log
 * ```
 *
 * All writing is queued and goes on in the background. Nothing that fails while writing fails
 * whoever emits or logs: {@linkcode RunDirectory.close} reports it.
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
  /** Where it is: what was given to `at()`, or the `root` that was given and the run's own name. */
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
   * Makes a new directory under `root`, and `root` where it is missing. Two runs never share one:
   * of two with the same name, the second gets a `-2`.
   *
   * @param root where the runs are kept
   * @param label becomes part of the name, made safe for file names; default `lab`
   * @param now the time in the name; default the present
   * @throws {RunDirectoryError} it cannot be made or written
   */
  static async create(
    root: string,
    label?: string,
    now: Date = new Date(),
  ): Promise<RunDirectory> {
    const wanted = `${withoutSlash(root)}/${runName(label, now)}`;
    try {
      await Deno.mkdir(root, { recursive: true });
      const path = await makeUnique(wanted);
      const events = `${path}/events.jsonl`;
      return new RunDirectory(path, await Deno.open(events, { createNew: true, append: true }));
    } catch (cause) {
      throw new RunDirectoryError(
        `cannot make the run directory ${wanted}: ${(cause as Error).message}; ` +
          "name another directory for the runs, or make this one writable",
        wanted,
        { cause },
      );
    }
  }

  /**
   * Keeps the run in a directory that has no other: in `path` itself, which is made where it is
   * missing, and may hold other files.
   *
   * @throws {RunDirectoryError} it keeps a run already, or it cannot be made or written
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
    const wanted = withoutSlash(path);
    try {
      await Deno.mkdir(wanted, { recursive: true });
      const events = `${wanted}/events.jsonl`;
      return new RunDirectory(wanted, await Deno.open(events, { createNew: true, append: true }));
    } catch (cause) {
      const why = cause instanceof Deno.errors.AlreadyExists && await isDirectory(wanted)
        ? `cannot keep a run in ${wanted}: it has one already, in events.jsonl; ` +
          "name another directory, or move that one away"
        : `cannot keep a run in ${wanted}: ${(cause as Error).message}; ` +
          "name another directory, or make this one writable";
      throw new RunDirectoryError(why, wanted, { cause });
    }
  }

  /**
   * Writes the events of a bus, those from before this call too, and keeps `state.json` up to its
   * state, with a delay of about 100 ms (more in labs of thousands of nodes).
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
   * Appends to a node's log. The bytes are copied. Dropped after {@linkcode RunDirectory.close}:
   * a program that was killed may still be heard of.
   *
   * @returns when it is written; whoever awaits that keeps no more than one chunk in memory. It
   * never rejects
   * @throws {RunDirectoryError} the node's name is no name for a directory
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
        throw new RunDirectoryError(`"${node}" is no node name that a log can have`, path);
      }
      file = new AppendFile(path, () => openLog(this.path, node, path));
      this.#logs.set(path, file);
    }
    return file.write(chunk.slice());
  }

  /**
   * Writes what is queued and the final `state.json`, and closes every file. Calling it again
   * waits for the same, and does nothing more.
   *
   * @throws {RunDirectoryError} something could not be written since the directory was made. Only
   * the first call reports it
   */
  async close(): Promise<void> {
    if (this.#closing) return void await this.#closing;
    this.#closing = this.#finish();
    const errors = await this.#closing;
    if (errors.length === 0) return;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more of its files)` : "";
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

async function makeUnique(wanted: string): Promise<string> {
  for (let n = 1;; n++) {
    const path = n === 1 ? wanted : `${wanted}-${n}`;
    try {
      await Deno.mkdir(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

// One level after the other: a run directory that was removed must be missed, not made anew.
async function openLog(run: string, node: string, path: string): Promise<Deno.FsFile> {
  for (const directory of [`${run}/nodes`, `${run}/nodes/${node}`]) {
    await Deno.mkdir(directory).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
  return await Deno.open(path, { create: true, append: true });
}
