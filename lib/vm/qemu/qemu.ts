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

/** How many lines of the console, and of what QEMU said, go with an error. */
const HINT_LINES = 12;
const STDERR_KEPT = 4_096;

/** What a QEMU is started with. */
export interface QemuOptions {
  /** In whose namespaces it runs; it ends with them. */
  host: Host;
  /** How the sockets begin, for example `/tmp/netyard-1a2b/3-`: they exist as long as the host. */
  socketPrefix: string;
  spec: Omit<MachineSpec, "sockets" | "memoryPath" | "name">;
  /** The guest's memory. */
  memory: MemoryFile;
  console: Console;
  /** When to give up waiting for an answer, in milliseconds. */
  timeoutMs: number;
  /** Ends it while it starts; afterwards it means nothing. */
  signal: AbortSignal;
}

/** A QEMU that runs, and the ways to speak with it. */
export class Qemu {
  readonly qmp: Qmp;
  /** Where the guest agent answers. */
  readonly agentPath: string;
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
  #child: Deno.ChildProcess;
  #said: () => string;
  #console: Promise<void>;

  private constructor(
    child: Deno.ChildProcess,
    qmp: Qmp,
    agentPath: string,
    signal: AbortSignal,
    ended: Promise<Ended>,
    said: () => string,
    console: Promise<void>,
  ) {
    this.#child = child;
    this.qmp = qmp;
    this.agentPath = agentPath;
    this.signal = signal;
    this.ended = ended;
    this.#said = said;
    this.#console = console;
  }

  /**
   * Starts it, and resolves when it takes commands.
   *
   * @throws {VmError} If it ends before, or does not answer in time; it shows what QEMU said.
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
      detached: true, // Ctrl-C is not for it: the lab ends it
    });
    host.enter(() => {}); // What it runs in is made first: that must not inherit the memory.
    const child = memory.inherited(() => command.spawn());
    const ending = new AbortController();
    const stderr = keepTail(child.stderr);
    const ended = child.status.then(async (status) => {
      await stderr.done;
      ending.abort();
      return status;
    });
    const said = () => {
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
      const qmp = await Qmp.connect(sockets.qmp, { label, timeoutMs, hint: said, signal });
      console.attach(await Deno.connect({ transport: "unix", path: sockets.console }));
      return new Qemu(child, qmp, sockets.agent, signal, ended, said, console.ended);
    } catch (error) {
      kill(child);
      const { code } = await ended;
      await console.ended;
      options.signal.throwIfAborted();
      if (!said()) throw error;
      throw new VmError(
        `${host.name}: QEMU did not start (exit code ${code}):\n${said()}`,
        { cause: error },
      );
    } finally {
      options.signal.removeEventListener("abort", abort);
    }
  }

  /** The ends of what QEMU and the guest's console said, for a message; empty if nothing. */
  get hint(): string {
    return this.#said();
  }

  /** Ends it at once; resolves when it is gone, and all that it said is known. */
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
    // It has ended.
  }
}

/** Reads a stream to its end and keeps the last of it. */
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
