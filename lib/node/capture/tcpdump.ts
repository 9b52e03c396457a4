import {
  closeFd,
  growPipe,
  O_WRONLY,
  openFd,
  pathExists,
  readFileText,
} from "../../../native/libc.ts";
import { childOf } from "../../../native/process/signal.ts";
import { CaptureError } from "./capture_errors.ts";
import { NodeCommand } from "../process/command.ts";
import type { Host } from "../process/host.ts";
import { keepingGroups } from "./keep_groups.ts";

const PROGRAM = "tcpdump";

/** What tcpdump counted so far. */
export interface TcpdumpCounts {
  /** Packets that it wrote. */
  captured: number;
  /** Packets that the kernel had for it, those that were dropped among them. */
  received: number;
  /** Packets that came while the kernel's buffer was full. */
  dropped: number;
}

/** How tcpdump is called. */
export interface TcpdumpOptions {
  interface: string;
  filter?: string;
  /** Bytes of each packet. */
  snapLength: number;
  /** Packets that the kernel holds until tcpdump takes them. */
  bufferPackets: number;
  direction?: "in" | "out";
}

/** What the kernel puts before each packet of the buffer, and a little more (packet(7)). */
const SLOT_OVERHEAD_BYTES = 136;
const KIB = 1024;

/**
 * The arguments of tcpdump.
 *
 * `--immediate-mode` has the kernel hand over each packet at once, in slots that are all as large as
 * the largest packet may be. `-Z root`: it stays root, for the user that it would become does not exist
 * in a user namespace; see {@link keepingGroups} for what that takes there.
 *
 * Source: tcpdump(8).
 */
export function tcpdumpArguments(options: TcpdumpOptions): string[] {
  const { filter, snapLength, bufferPackets, direction } = options;
  // Slots are multiples of 16 bytes, in blocks of a power of two of pages.
  const slotBytes = Math.ceil((snapLength + SLOT_OVERHEAD_BYTES) / 16) * 16;
  const bufferKib = Math.ceil(slotBytes * bufferPackets / KIB);
  return [
    ...["-i", options.interface, "-w", "-", "-U", "--immediate-mode", "-Z", "root"],
    ...["-s", String(snapLength), "-B", String(bufferKib)],
    ...direction ? ["-Q", direction] : [],
    ...filter === undefined ? [] : ["--", filter],
  ];
}

const COUNTS =
  /(\d+) packets? captured[,\n]\s*(\d+) packets? received by filter[,\n]\s*(\d+) packets? dropped by kernel/g;

/** All counts in what tcpdump said, in their order. */
export function tcpdumpCounts(said: string): TcpdumpCounts[] {
  return [...said.matchAll(COUNTS)].map(([, captured, received, dropped]) => ({
    captured: Number(captured),
    received: Number(received),
    dropped: Number(dropped),
  }));
}

const PIPE_BYTES = 1 << 20;
const ANSWER_MS = 5000;
/** How long packets can be in transit in the kernel, from one node to the next. */
const UNDER_WAY_MS = 10;

/** A tcpdump that runs in a node, and writes its packets to its stdout. */
export class Tcpdump {
  readonly stdout: ReadableStream<Uint8Array>;
  /** When it ended; all that it said is read by then. */
  readonly ended: Promise<void>;
  #child: Deno.ChildProcess;
  #pid: () => number | undefined;
  /** What it said, without the counts. */
  #said = "";
  #counts: TcpdumpCounts = { captured: 0, received: 0, dropped: 0 };
  #answers = 0;
  #running = true;
  #wake = () => {};

  private constructor(host: Host, child: Deno.ChildProcess) {
    this.#child = child;
    this.stdout = child.stdout;
    // Rootless, the child is an nsenter(1) that waits for it.
    this.#pid = () => host.sandbox.signal ? childOf(child.pid) : child.pid;
    this.ended = Promise.all([child.status, this.#listen(child.stderr)]).then(() => {
      this.#running = false;
      this.#wake();
    });
  }

  /** Starts one, and resolves once no packet can be missed any more. `what` begins its errors. */
  static async start(host: Host, options: TcpdumpOptions, what: string): Promise<Tcpdump> {
    const args = tcpdumpArguments(options);
    const rootless = host.sandbox.signal !== undefined;
    const [program, all] = rootless ? keepingGroups(PROGRAM, args) : [PROGRAM, args];
    const child = new NodeCommand(
      host,
      program,
      // Ctrl-C is not for it: it is to write the last packets, too.
      { args: all, stdin: "null", stdout: "piped", stderr: "piped", detached: true },
      { binary: true, own: true },
    ).spawn();
    const tcpdump = new Tcpdump(host, child);
    const listening = await tcpdump.#until(() => /listening on /.test(tcpdump.#said) || undefined);
    if (!listening) {
      await child.stdout.cancel();
      tcpdump.kill();
      host.ready(); // If the node is gone, that is why.
      const hint = rootless && program === PROGRAM
        ? "; without root, captures may need perl: install it"
        : "";
      throw new CaptureError(
        `${what}: tcpdump refused: ${tcpdump.words || "it said nothing"}${hint}`,
      );
    }
    tcpdump.#growPipe();
    return tcpdump;
  }

  /** What it said of trouble. */
  get words(): string {
    return this.#said.replaceAll(/^(tcpdump: )*listening on .*$/gm, "")
      .replaceAll(/^(tcpdump: )+/gm, "").split("\n").filter((line) => line.trim()).join("; ");
  }

  /** What it counted when it was last asked, or ended. */
  get counts(): TcpdumpCounts {
    return this.#counts;
  }

  /**
   * Resolves when tcpdump has written all packets that the kernel had for it when this was called;
   * true unless it does not answer.
   *
   * Either it wrote as many as were there, or it slept with nothing written about that time: it sleeps
   * only while the kernel has none for it, or while its pipe is full; but then it has written one
   * more by its next answer.
   */
  async settle(): Promise<boolean> {
    const startedAt = performance.now();
    const first = await this.#ask();
    let last = first;
    while (first && last) {
      const wait = performance.now() - startedAt < UNDER_WAY_MS ? UNDER_WAY_MS : 1;
      await new Promise((resolve) => setTimeout(resolve, wait));
      const slept = this.#sleeps();
      const next = await this.#ask();
      if (!next) break;
      if (slept && next.captured === last.captured) return true;
      if (next.captured >= first.received - first.dropped + (next.dropped - first.dropped)) {
        return true;
      }
      last = next;
    }
    return !this.#running;
  }

  /** Ends it; what it did not write yet is lost. */
  async stop(): Promise<void> {
    this.#signal("SIGINT");
    const late = setTimeout(() => this.kill(), ANSWER_MS);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends it at once. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /** Asks for its counts; undefined if it does not answer. */
  async #ask(): Promise<TcpdumpCounts | undefined> {
    const answers = this.#answers;
    if (!this.#signal("SIGUSR1")) return undefined;
    return await this.#until(() => this.#answers > answers ? this.#counts : undefined, ANSWER_MS);
  }

  #signal(signal: Deno.Signal): boolean {
    if (!this.#running) return false;
    try {
      this.#child.kill(signal);
      return true;
    } catch {
      return false; // It ended meanwhile.
    }
  }

  /** Whether it waits, and for nothing of the disk. */
  #sleeps(): boolean {
    const pid = this.#running ? this.#pid() : undefined;
    if (pid === undefined || !pathExists(`/proc/${pid}/stat`)) return false;
    return /\) S [^)]*$/.test(readFileText(`/proc/${pid}/stat`));
  }

  /** A pipe that holds much lets it go on while this thread is busy. */
  #growPipe(): void {
    const pid = this.#pid();
    if (pid === undefined) return;
    try {
      const fd = openFd(`/proc/${pid}/fd/1`, O_WRONLY);
      growPipe(fd, PIPE_BYTES);
      closeFd(fd);
    } catch {
      // It holds 64 KiB then.
    }
  }

  /** What a function returns once it returns something; undefined if tcpdump ends before, or time is up. */
  async #until<T>(look: () => T | undefined, timeoutMs?: number): Promise<T | undefined> {
    let late = false;
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      late = true;
      this.#wake();
    }, timeoutMs);
    try {
      for (;;) {
        const found = look();
        if (found !== undefined || late || !this.#running) return found;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #listen(stderr: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stderr) {
      this.#said += decoder.decode(chunk, { stream: true });
      const counts = tcpdumpCounts(this.#said);
      if (counts.length > 0) {
        this.#counts = counts[counts.length - 1];
        this.#answers += counts.length;
        this.#said = this.#said.replaceAll(COUNTS, "");
      }
      this.#wake();
    }
  }
}
