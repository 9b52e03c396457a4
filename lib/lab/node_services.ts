import { NetyardError } from "../../native/error.ts";
import type { Ended, Host, OutputKind, ProgramOutput } from "../node/process/host.ts";
import type { NameFiles } from "../node/process/sandbox.ts";
import type { SocketAddress } from "../node/reflector/socket_address.ts";
import type { LabServices } from "../node/runtime.ts";
import type { LabCore } from "./model/lab.ts";
import { programOutput } from "./model/program_output.ts";

/** The lab as its nodes' runtimes see it: names to resolve, the log, and the events of what runs. */
export class NodeServices implements LabServices {
  #core: LabCore;
  #commands = 0;
  #tasks = 0;

  constructor(core: LabCore) {
    this.#core = core;
  }

  get logging(): boolean {
    return this.#core.output !== undefined;
  }

  get environment(): Record<string, string> {
    return this.#core.recording?.environment ?? {};
  }

  names(node: string): NameFiles {
    return this.#core.names(node);
  }

  open(what: string): void {
    this.#core.open(what);
  }

  beforeUse(node: string): void {
    this.#core.beforeUse(node);
  }

  log(node: string, kind: OutputKind, chunk: Uint8Array): void | Promise<void> {
    return this.#core.output?.log(node, kind, chunk);
  }

  output(node: string, kind: OutputKind): ProgramOutput {
    return programOutput(this.#core, node, kind);
  }

  variables(host: Host, given: (name: string) => string | undefined): Record<string, string> {
    const { telemetry, devices } = this.#core;
    // Its loopback is down, as long as it has no interface.
    if (devices.get(host.name)?.interfaces.size === 0) return {};
    return telemetry?.variables(host, given) ?? {};
  }

  async programsEnded(host: Host): Promise<void> {
    await this.#core.telemetry?.closeNode(host);
  }

  commandStarted(node: string, argv: string[]): string {
    const id = `c${++this.#commands}`;
    this.#core.bus.emit({ kind: "command-started", node, id, argv });
    return id;
  }

  commandEnded(node: string, id: string, { code, signal }: Ended): void {
    this.#core.bus.emit({ kind: "command-ended", node, id, code, signal });
  }

  taskStarted(node: string, module: string): string {
    const id = `m${++this.#tasks}`;
    this.#core.bus.emit({ kind: "task-started", node, id, module });
    return id;
  }

  taskEnded(node: string, id: string, error?: unknown): void {
    this.#core.bus.emit({ kind: "task-ended", node, id, error: this.#logged(node, error) });
  }

  threadFailed(node: string, error: unknown): void {
    this.#core.bus.emit({ kind: "thread-failed", node, error: this.#logged(node, error) ?? "" });
  }

  reflectorChanged(node: string, { ip, port }: SocketAddress, started: boolean): void {
    const kind = started ? "reflector-started" : "reflector-stopped";
    this.#core.bus.emit({ kind, node, ip, port });
  }

  /** Writes an error, which perhaps no caller awaits, to the node's log; returns its text. */
  #logged(node: string, error: unknown): string | null {
    if (error === undefined) return null;
    // Stack frames of Netyard itself say nothing about the user's code.
    const stack = error instanceof Error && !(error instanceof NetyardError)
      ? error.stack
      : undefined;
    this.log(node, "stderr", new TextEncoder().encode(`${stack ?? error}\n`));
    return String(error);
  }
}
