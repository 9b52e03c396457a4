import type { GuestAgent } from "./agent.ts";
import { Clock } from "./clock.ts";
import type { GuestContext } from "./guest_context.ts";
import { type GuestWriteOptions, readFile, writeFile } from "./guest_files.ts";
import { GuestProcess } from "./guest_process.ts";
import { pullFile, pushFile } from "./guest_push.ts";
import { type GuestDirEntry, type GuestFileInfo, listDir, stat } from "./guest_stat.ts";
import { run } from "./run.ts";
import type { RunOptions, RunResult, SpawnOptions } from "../options/run_types.ts";

/** What a guest is reached by. */
export interface GuestOptions {
  /** Synchronized before the first use. */
  agent: GuestAgent;
  /** The name of the VM, which begins each message. */
  label: string;
  /** By how much default deadlines are longer, for guests that run slowly; at least 1. Default 1. */
  timeoutFactor?: number;
}

/**
 * What can be done inside of a guest, by way of its agent. Calls may be made at the same time: the
 * agent takes one after another, and none waits for another's command to end.
 */
export class Guest {
  /** The clock of the guest. */
  readonly clock: Clock;

  #context: GuestContext;
  #processes = new Set<GuestProcess>();

  /** Asks nothing of the guest yet. */
  constructor({ agent, label, timeoutFactor = 1 }: GuestOptions) {
    this.#context = { agent, label, timeoutFactor: Math.max(1, timeoutFactor) };
    this.clock = new Clock(this.#context);
  }

  /** What was spawned and has not ended, or left files in the guest that are still to be removed. */
  get processes(): ReadonlySet<GuestProcess> {
    return this.#processes;
  }

  /**
   * Runs a command to its end.
   *
   * @param command A line for `/bin/sh -c`, or a program and its arguments.
   * @returns How it ended and what it printed, also where it failed; see `assertOk()`.
   * @throws {GuestCommandError} If the guest has no such program or no such directory.
   * @throws {GuestDeadlineError} If it does not end in time; it, and all that it started, is killed.
   */
  run(command: string | string[], options?: RunOptions): Promise<RunResult> {
    return run(this.#context, command, options);
  }

  /**
   * Starts a command that goes on.
   *
   * @param command A line for `/bin/sh -c`, or a program and its arguments. That there is no such
   * program shows in `wait()`.
   */
  async spawn(command: string | string[], options?: SpawnOptions): Promise<GuestProcess> {
    const process = await GuestProcess.start(this.#context, command, options);
    this.#processes.add(process);
    process.removed.then(() => this.#processes.delete(process));
    return process;
  }

  /**
   * Reads a file whole. One that never ends or that has to be waited for, such as a pipe, blocks the
   * agent: use `run("cat ...")` for it.
   *
   * @throws {GuestFileError} If it cannot be read.
   */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return readFile(this.#context, path);
  }

  /** As {@linkcode Guest.readFile}, as UTF-8. */
  async readTextFile(path: string): Promise<string> {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.readFile(path));
  }

  /**
   * Writes a file in its place, as Deno.writeFile does; its directory must exist.
   *
   * @throws {GuestFileError} If it cannot be written; a part of it may be.
   */
  writeFile(path: string, data: string | Uint8Array, options?: GuestWriteOptions): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return writeFile(this.#context, path, [bytes], options);
  }

  /**
   * Copies a file of the host to a path in the guest, with its permissions. Of a directory all that
   * it holds goes into a directory of the guest, which is made if need be; links stay links.
   *
   * @throws {GuestFileError} If either cannot be read or written.
   */
  pushFile(hostPath: string, guestPath: string): Promise<void> {
    return pushFile(this.#context, hostPath, guestPath);
  }

  /**
   * Copies a file of the guest to a path on the host, with its permissions.
   *
   * @throws {GuestFileError} If either cannot be read or written.
   */
  pullFile(guestPath: string, hostPath: string): Promise<void> {
    return pullFile(this.#context, guestPath, hostPath);
  }

  /**
   * The names in a directory, without `.` and `..`, in the order of their characters.
   *
   * @throws {GuestFileError} If there is no such directory.
   */
  listDir(path: string): Promise<GuestDirEntry[]> {
    return listDir(this.#context, path);
  }

  /**
   * What the guest knows of a file.
   *
   * @throws {GuestFileError} If there is none.
   */
  stat(path: string): Promise<GuestFileInfo> {
    return stat(this.#context, path);
  }
}
