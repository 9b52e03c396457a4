/**
 * QEMU: its command line, its process, its control protocol (QMP), its console and its disks over NBD.
 * Imports `options`, `socket`, `host` and `node`; knows no guest. Begin here, then read `argv.ts`.
 *
 * @module
 */

import { installAdvice, isProgram } from "../../host/install.ts";
import { readOsRelease } from "../../host/os_release.ts";
import { NodeCommand } from "../../node/process/command.ts";
import type { Ended, Host } from "../../node/process/host.ts";
import type { MemoryFile } from "../../../native/files/memory_file.ts";
import { findProgram } from "../../../native/process/process.ts";
import { qemuCommand } from "./argv.ts";
import type { Console } from "./console.ts";
import { VmError } from "../options/errors.ts";
import type { MachineSpec } from "../options/machine_spec.ts";
import { Qmp } from "./qmp.ts";

/** How many lines of the console are added to an error. */
const HINT_LINES = 12;
const STDERR_KEPT = 4_096;

/** How to start a QEMU. */
export interface QemuOptions {
  /** The namespaces in which it runs; it ends with them. */
  host: Host;
  /** The prefix of the sockets' paths, for example `/tmp/netyard-1a2b/3-`; removed with the host. */
  socketPrefix: string;
  spec: Omit<MachineSpec, "sockets" | "memoryPath" | "name">;
  /** The guest's memory. */
  memory: MemoryFile;
  console: Console;
  /** The timeout of an answer, in milliseconds. */
  timeoutMs: number;
  /** Ends it while it starts; has no effect afterwards. */
  signal: AbortSignal;
}

/** A running QEMU, and its interfaces. */
export class Qemu {
  readonly qmp: Qmp;
  /** The socket of the guest agent. */
  readonly agentPath: string;
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
  #child: Deno.ChildProcess;
  #output: () => string;
  #console: Promise<void>;

  private constructor(
    child: Deno.ChildProcess,
    qmp: Qmp,
    agentPath: string,
    signal: AbortSignal,
    ended: Promise<Ended>,
    output: () => string,
    console: Promise<void>,
  ) {
    this.#child = child;
    this.qmp = qmp;
    this.agentPath = agentPath;
    this.signal = signal;
    this.ended = ended;
    this.#output = output;
    this.#console = console;
  }

  /**
   * Starts it, and resolves when it accepts commands.
   *
   * @throws {VmError} If it ends before, or does not answer in time; it shows what QEMU printed.
   */
  static async start(options: QemuOptions): Promise<Qemu> {
    const { host, socketPrefix, memory, console, timeoutMs } = options;
    const path = (name: string) => `${socketPrefix}${name}`;
    const sockets = { qmp: path("qmp"), agent: path("agent"), console: path("console") };
    const { program, args } = qemuCommand({
      ...options.spec,
      name: host.name,
      memoryPath: memory.pathInChild,
      sockets,
    });
    mustBeInstalled(host.name, program);
    const command = new NodeCommand(host, program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      detached: true, // so that Ctrl-C does not reach it: the lab ends it
    }, { own: true });
    host.enter(() => {}); // Starts the host's processes first: they must not inherit the memory.
    const child = memory.inherited(() => command.spawn());
    const ending = new AbortController();
    const stderr = keepTail(child.stderr);
    const ended = child.status.then(async (status) => {
      await stderr.done;
      ending.abort();
      return status;
    });
    const output = () => {
      const lines = stderr.text().trim();
      const serial = console.lines(HINT_LINES).trim();
      return [lines && `QEMU said:\n${lines}`, serial && `the console's last lines:\n${serial}`]
        .filter((part) => part !== "").join("\n");
    };
    const { signal } = ending;
    const abort = () => kill(child);
    options.signal.addEventListener("abort", abort);
    if (options.signal.aborted) abort();
    try {
      const label = host.name;
      const qmp = await Qmp.connect(sockets.qmp, { label, timeoutMs, hint: output, signal });
      console.attach(await Deno.connect({ transport: "unix", path: sockets.console }));
      return new Qemu(child, qmp, sockets.agent, signal, ended, output, console.ended);
    } catch (error) {
      kill(child);
      const { code } = await ended;
      await console.ended;
      options.signal.throwIfAborted();
      if (!output()) throw error;
      throw new VmError(
        `${host.name}: QEMU did not start (exit code ${code}):\n${output()}`,
        { cause: error },
      );
    } finally {
      options.signal.removeEventListener("abort", abort);
    }
  }

  /** The last output of QEMU and of the guest's console, for messages; empty if there is none. */
  get hint(): string {
    return this.#output();
  }

  /** Kills it; resolves when it has ended and its output has been read. */
  async kill(): Promise<void> {
    this.qmp.close();
    kill(this.#child);
    await Promise.all([this.ended, this.#console]);
  }
}

function mustBeInstalled(label: string, program: string): void {
  if (findProgram(program)) return;
  const advice = isProgram(program) ? `: ${installAdvice([program], readOsRelease())}` : "";
  throw new VmError(`${label}: ${program} is not on PATH; install it${advice}`);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** Reads a stream to its end, and keeps its last characters. */
function keepTail(
  stream: ReadableStream<Uint8Array>,
): { text: () => string; done: Promise<void> } {
  let text = "";
  const decoder = new TextDecoder();
  const read = async () => {
    for await (const chunk of stream) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-STDERR_KEPT);
    }
  };
  return { text: () => text, done: read().catch(() => {}) };
}
