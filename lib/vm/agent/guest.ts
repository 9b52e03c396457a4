/**
 * Working inside a guest through the QEMU guest agent: commands, files, the clock and the network
 * configuration. Imports `options`, `socket` and `tiny`; knows no QEMU and no lab. Begin here, then read
 * `agent.ts`, the client of the agent.
 *
 * @module
 */

import type { GuestAgent } from "./agent.ts";
import { Clock } from "./clock.ts";
import type { GuestContext, OutputWatcher } from "./guest_context.ts";
import { type GuestWriteOptions, readFile, writeFile } from "./guest_files.ts";
import { GuestProcess } from "./guest_process.ts";
import { pullFile, pushFile } from "./guest_push.ts";
import { type GuestDirEntry, type GuestFileInfo, listDir, stat } from "./guest_stat.ts";
import { run } from "./run.ts";
import type { RunOptions, RunResult, SpawnOptions } from "../options/run_types.ts";

/** How to reach a guest. */
export interface GuestOptions {
  /** Synchronized before the first use. */
  agent: GuestAgent;
  /** The name of the VM, with which each message begins. */
  label: string;
  /** The factor for default deadlines, for guests that run slowly; at least 1. Default 1. */
  timeoutFactor?: number;
  /** Makes what sees a stream of output, for each stream of each command. */
  watch?: () => OutputWatcher | undefined;
}

/**
 * A guest, reached through its agent. Calls may run at the same time: the agent handles their requests
 * one after another, and no call waits for another one's command to end.
 */
export class Guest {
  /** The clock of the guest. */
  readonly clock: Clock;

  #context: GuestContext;
  #processes = new Set<GuestProcess>();

  /** Sends nothing to the guest yet. */
  constructor({ agent, label, timeoutFactor = 1, watch }: GuestOptions) {
    this.#context = { agent, label, timeoutFactor: Math.max(1, timeoutFactor), watch };
    this.clock = new Clock(this.#context);
  }

  /** Spawned processes that have not ended, or whose files in the guest are not removed yet. */
  get processes(): ReadonlySet<GuestProcess> {
    return this.#processes;
  }

  /**
   * Runs a command to its end.
   *
   * @param command A line for `/bin/sh -c`, or a program and its arguments.
   * @returns How it ended and what it printed, also if it failed; see `assertOk()`.
   * @throws {GuestCommandError} If the guest has no such program or no such directory.
   * @throws {GuestDeadlineError} If it does not end in time; it is killed with all that it started.
   */
  run(command: string | string[], options?: RunOptions): Promise<RunResult> {
    return run(this.#context, command, options);
  }

  /**
   * Starts a command and does not wait for its end.
   *
   * @param command A line for `/bin/sh -c`, or a program and its arguments. If there is no such
   * program, `wait()` fails.
   */
  async spawn(command: string | string[], options?: SpawnOptions): Promise<GuestProcess> {
    const process = await GuestProcess.start(this.#context, command, options);
    this.#processes.add(process);
    process.removed.then(() => this.#processes.delete(process));
    return process;
  }

  /**
   * Reads a whole file. A file that never ends or that blocks, such as a pipe, blocks the agent: use
   * `run("cat ...")` for it.
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
   * Writes a file in place, as `Deno.writeFile` does; its directory must exist.
   *
   * @throws {GuestFileError} If it cannot be written; a part of it may have been.
   */
  writeFile(path: string, data: string | Uint8Array, options?: GuestWriteOptions): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return writeFile(this.#context, path, [bytes], options);
  }

  /**
   * Copies a file of the host to a path in the guest, with its permissions. The content of a directory
   * goes into a directory of the guest, which is created if necessary; symbolic links stay links.
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
   * Lists a directory, without `.` and `..`, sorted by name.
   *
   * @throws {GuestFileError} If there is no such directory.
   */
  listDir(path: string): Promise<GuestDirEntry[]> {
    return listDir(this.#context, path);
  }

  /**
   * Returns the properties of a file.
   *
   * @throws {GuestFileError} If there is none.
   */
  stat(path: string): Promise<GuestFileInfo> {
    return stat(this.#context, path);
  }
}
