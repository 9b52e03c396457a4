// Machines of the real QEMU that wait: no guest runs in them.
import type { Namespace } from "../../../native/namespace.ts";
import { findProgram } from "../../../native/process/process.ts";
import { assertEquals } from "@std/assert";
import { qemuCommand } from "../../../lib/vm/qemu/argv.ts";
import type { MachineSpec } from "../../../lib/vm/options/machine_spec.ts";
import { PLAIN } from "./argv_cases.ts";

const DEADLINE_MS = 20_000;
/** Why no machine can be started here; undefined if one can. */
export const unable = findProgram("qemu-system-x86_64") ? undefined : "QEMU is not on PATH";

/** A client of a machine's QMP socket. */
export class Qmp {
  #reader: ReadableStreamDefaultReader<string>;
  #conn: Deno.Conn;
  #rest = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  }

  async #line(): Promise<Record<string, unknown>> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("QEMU closed QMP");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  /** Returns the answer to a command; skips events. */
  async call(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const command = new TextEncoder().encode(JSON.stringify({ execute, arguments: args }) + "\n");
    await this.#conn.write(command);
    for (;;) {
      const answer = await this.#line();
      if ("error" in answer) throw new Error(`${execute}: ${JSON.stringify(answer.error)}`);
      if ("return" in answer) return answer.return;
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // QEMU was the first to close
  }
}

/** A waiting machine, for a test. */
export interface Waiting {
  qmp: Qmp;
  directory: string;
}

/** Starts a machine, runs the test, and quits QEMU. Returns its output. */
export async function withMachine(
  differ: (directory: string) => Partial<MachineSpec>,
  ask: (waiting: Waiting) => Promise<void>,
  namespace?: Namespace,
): Promise<string> {
  const directory = await Deno.makeTempDir();
  const { program, args } = qemuCommand({
    ...PLAIN,
    kernel: undefined,
    initrd: undefined,
    cmdline: undefined,
    memoryBytes: 64 * 2 ** 20,
    sockets: {
      qmp: `${directory}/qmp`,
      agent: `${directory}/agent`,
      console: `${directory}/console`,
    },
    ...differ(directory),
  });
  // An unnamed file as descriptor 9, for machines whose memory it is.
  const script = 'exec 9<>"$0/memory"; rm "$0/memory"; exec "$@"';
  const start = () =>
    new Deno.Command("sh", {
      args: ["-c", script, directory, program, ...args, ...args.includes("-S") ? [] : ["-S"]],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const child = namespace ? namespace.enter(start) : start();
  const output = child.output();
  const ended = output.then(({ stderr }) => {
    throw new Error(`QEMU ended: ${new TextDecoder().decode(stderr)}`);
  });
  ended.catch(() => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  try {
    const qmp = new Qmp(await Promise.race([connected(`${directory}/qmp`), ended]));
    await qmp.call("qmp_capabilities");
    await ask({ qmp, directory });
    await qmp.call("quit");
    const { code, stdout, stderr } = await output;
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    await qmp.close();
    return new TextDecoder().decode(stdout);
  } finally {
    clearTimeout(timer);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await output;
    await Deno.remove(directory, { recursive: true });
  }
}

async function connected(path: string): Promise<Deno.Conn> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5)); // until QEMU listens
    }
  }
}

/** Returns how a migration ended. */
export async function migrationOf(qmp: Qmp): Promise<unknown> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const { status } = await qmp.call("query-migrate") as { status?: string };
    if (status === "completed" || status === "failed") return status;
    if (performance.now() > deadline) throw new Error(`the migration is ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 5)); // until QEMU is through with it
  }
}
