import {
  checkCommand,
  commandText,
  execArguments,
  type OutputFiles,
  startFailure,
} from "./command_line.ts";
import { VmError } from "../options/errors.ts";
import { exec, killAll, newMark, startExec } from "./exec.ts";
import type { GuestContext } from "./guest_context.ts";
import { OutputTail } from "./output_tail.ts";
import { runStatus } from "./run.ts";
import type { RunStatus, SpawnOptions } from "../options/run_types.ts";
import { shortSignalName } from "./signals.ts";
import { sleep } from "../socket/within.ts";

/** The pauses between two polls: while there is output, and while there is none. */
const BUSY_PAUSE_MS = 5;
const IDLE_PAUSE_MS = 50;

/**
 * A command that runs in a guest.
 *
 * Its output goes through files in the guest's `/tmp`, which are read while it runs and removed when it
 * has ended; the streams buffer what is not read yet. Output that an orphaned child prints after the
 * command's own end is not read.
 */
export class GuestProcess implements AsyncDisposable {
  /** The process ID in the guest. */
  readonly pid: number;
  /** The call that started it, for messages: `nas: spawn("ping a")`. */
  readonly what: string;
  /** Its standard output, as it is printed. */
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Its standard error, as it is printed. */
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;

  #context: GuestContext;
  #mark: string;
  /** Whether the agent has reported its end; if the agent failed, the command may still run. */
  #ended = false;
  #status: Promise<RunStatus>;
  #removed: Promise<void>;

  private constructor(
    context: GuestContext,
    { pid, what, mark }: { pid: number; what: string; mark: string },
    [out, err]: OutputTail[],
    command: string | string[],
    options: SpawnOptions,
  ) {
    this.pid = pid;
    this.what = what;
    this.stdout = out.stream;
    this.stderr = err.stream;
    this.#context = context;
    this.#mark = mark;
    this.#status = this.#follow(out, err).then((status) => {
      const failure = startFailure(what, command, options, {
        ...status,
        stderr: err.beginning,
      });
      if (failure) throw failure;
      return status;
    });
    this.#status.catch(() => {}); // wait() may never be called.
    this.#removed = this.#remove([out, err]);
  }

  /**
   * Starts a command in the guest; called by `Guest.spawn()`.
   *
   * @internal
   */
  static async start(
    context: GuestContext,
    command: string | string[],
    options: SpawnOptions = {},
  ): Promise<GuestProcess> {
    const what = commandText(context.label, "spawn", command);
    checkCommand(command, options, what);
    const mark = newMark();
    const files: OutputFiles = {
      stdout: `/tmp/netyard-${mark}.out`,
      stderr: `/tmp/netyard-${mark}.err`,
    };
    const tails: OutputTail[] = [];
    try {
      // The handles come first, so that the output can be read however soon the command ends.
      tails.push(await OutputTail.open(context, files.stdout, what));
      tails.push(await OutputTail.open(context, files.stderr, what));
      const pid = await startExec(context, execArguments(command, options, mark, files), what);
      return new GuestProcess(context, { pid, what, mark }, tails, command, options);
    } catch (error) {
      await removeTails(context, tails, what).catch(() => {});
      throw error;
    }
  }

  /** Resolves when it has ended and its output has been read. */
  wait(): Promise<RunStatus> {
    return this.#status;
  }

  /**
   * Sends a signal to it and to all processes that it has started. Does nothing after its end.
   *
   * @param signal Its name. Default `SIGTERM`.
   */
  async kill(signal: string = "SIGTERM"): Promise<void> {
    const what = `${this.what}.kill(${JSON.stringify(signal)})`;
    const name = shortSignalName(signal);
    if (!name) throw new VmError(`${what}: there is no such signal; one is "SIGTERM"`);
    if (this.#ended) return;
    await killAll(this.#context, { signal: name, mark: this.#mark, pid: this.pid }, what);
  }

  /** Kills it if it still runs, and waits until its processes and files are gone from the guest. */
  async close(): Promise<void> {
    if (!this.#ended) await this.kill("SIGKILL").catch(() => {}); // The guest may be gone.
    await this.#removed;
  }

  /** As {@linkcode GuestProcess.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Resolves, never rejects, when its files are gone from the guest.
   *
   * @internal
   */
  get removed(): Promise<void> {
    return this.#removed;
  }

  async #follow(out: OutputTail, err: OutputTail): Promise<RunStatus> {
    const { agent } = this.#context;
    try {
      for (let pause = BUSY_PAUSE_MS;; pause = Math.min(1.4 * pause, IDLE_PAUSE_MS)) {
        // The status first: all output from before the end can then be read.
        const status = await agent.call(
          "guest-exec-status",
          { pid: this.pid },
          { what: this.what },
        );
        const grew = [await out.read(status.exited), await err.read(status.exited)].some(Boolean);
        if (status.exited) {
          this.#ended = true;
          out.end();
          err.end();
          return runStatus(status);
        }
        if (grew) pause = BUSY_PAUSE_MS;
        await sleep(pause);
      }
    } catch (error) {
      out.end(error);
      err.end(error);
      throw error;
    }
  }

  async #remove(tails: OutputTail[]): Promise<void> {
    try {
      await this.#status.catch(() => {});
      await removeTails(this.#context, tails, this.what);
    } catch {
      // The guest is gone, and its files with it.
    }
  }
}

async function removeTails(context: GuestContext, tails: OutputTail[], what: string) {
  for (const tail of tails) await tail.close();
  const paths = tails.map(({ path }) => path);
  if (paths.length > 0) await exec(context, { path: "rm", arg: ["-f", ...paths] }, what);
}
