// Until it is loaded, Deno never calls the callback of close() of a socket of node:dgram.
import "node:process";
import type { $Type } from "@david/dax";
import type { Namespace } from "../../native/namespace.ts";
import { NodeRemovedError } from "./process/errors.ts";
import type { Ended, Host, OutputKind, ProgramOutput } from "./process/host.ts";
import { NodeWorker } from "./thread/node_worker.ts";
import { parseOptions } from "../options/parse_options.ts";
import { Capture } from "./capture/capture.ts";
import type { CaptureOptions } from "./capture/capture_options.ts";
import { captureTarget } from "./capture/capture_target.ts";
import defer * as probes from "./reflector/probe_mapping.ts";
import type { ProbeOptions } from "./reflector/probe_mapping.ts";
import defer * as reflectors from "./reflector/reflector.ts";
import type { Reflector } from "./reflector/reflector.ts";
import type { SocketAddress } from "./reflector/socket_address.ts";
import { type NameFiles, Sandbox } from "./process/sandbox.ts";
import defer * as shells from "./process/shell.ts";
import { ModuleTask, type NodeTask, type SpawnOptions } from "./thread/task.ts";

/** The callbacks of a node into its lab. */
export interface LabServices {
  /** Whether output is logged. */
  readonly logging: boolean;
  /** Variables for the programs in the nodes, unless the caller sets them. */
  readonly environment: Record<string, string>;
  /** The names that a node resolves. */
  names(node: string): NameFiles;
  /** Throws when the lab is closed. */
  open(what: string): void;
  /** Called before anything of the user's runs in a node. */
  beforeUse(node: string): void;
  log(node: string, kind: OutputKind, chunk: Uint8Array): void | Promise<void>;
  /** Where the output of one program goes. */
  output(node: string, kind: OutputKind): ProgramOutput;
  /** Variables for a program of the user; see {@link Host.variables}. */
  variables(host: Host, given: (name: string) => string | undefined): Record<string, string>;
  /** Called when a node closes, after the end of its programs. */
  programsEnded(host: Host): Promise<void>;
  commandStarted(node: string, argv: string[]): string;
  commandEnded(node: string, id: string, how: Ended): void;
  taskStarted(node: string, module: string): string;
  taskEnded(node: string, id: string, error?: unknown): void;
  threadFailed(node: string, error: unknown): void;
  reflectorChanged(node: string, address: SocketAddress, started: boolean): void;
}

let created = 0;

/** The running parts of a node: its namespace, processes, threads and reflectors. */
export class NodeRuntime implements Host {
  readonly name: string;
  readonly id: string;
  readonly namespace: Namespace;
  readonly sandbox: Sandbox;
  #lab: LabServices;
  #worker: NodeWorker;
  #tasks = new Set<NodeTask>();
  #reflectors = new Set<Reflector>();
  #work = new Set<Promise<unknown>>();
  #shell: $Type | undefined;
  #closed: Promise<void> | undefined;

  /** `directory` is as for {@link Sandbox}. */
  constructor(name: string, namespace: Namespace, lab: LabServices, directory?: string) {
    this.name = name;
    this.id = `${++created}/${name}`;
    this.namespace = namespace;
    this.#lab = lab;
    this.sandbox = new Sandbox(namespace, name, () => lab.names(name), directory);
    this.#worker = new NodeWorker(this);
  }

  get logging(): boolean {
    return this.#lab.logging;
  }

  get environment(): Record<string, string> {
    return this.#lab.environment;
  }

  ready(): void {
    this.#lab.open(this.name);
    if (this.#closed) throw new NodeRemovedError(`node "${this.name}" is gone: it was removed`);
    this.#lab.beforeUse(this.name);
  }

  enter<T>(fn: () => T): T {
    this.ready();
    return this.sandbox.enter(fn);
  }

  /** The dax shell of {@link Node.$}; created once. */
  shell(): $Type {
    this.ready();
    if (this.#shell) return this.#shell;
    this.sandbox.begin(); // It starts while dax does.
    return this.#shell = shells.nodeShell(this);
  }

  run(fn: (...args: never[]) => unknown, args: unknown[]): Promise<unknown> {
    this.ready();
    return this.#worker.run(fn, args);
  }

  spawn(module: URL | string, options: SpawnOptions): NodeTask {
    this.ready();
    const task: NodeTask = new ModuleTask(this, module, options, () => this.#tasks.delete(task));
    this.#tasks.add(task);
    return task;
  }

  /** Starts a reflector; `ownIp` is where it listens unless `address` names an IP address. */
  async reflector(address: Partial<SocketAddress>, ownIp: string): Promise<Reflector> {
    const what = `${this.name}: spawnReflector()`;
    const { ip = ownIp, port = 0 } = parseOptions(reflectors.reflectorOptions, address, what);
    const wanted = { ip, port };
    this.ready();
    const started = await reflectors.startReflector(this, wanted);
    const close = async () => {
      if (!this.#reflectors.delete(reflector)) return;
      this.#lab.reflectorChanged(this.name, started.address, false);
      await started.close();
    };
    const reflector: Reflector = {
      address: started.address,
      close,
      [Symbol.asyncDispose]: close,
    };
    this.#reflectors.add(reflector);
    this.#lab.reflectorChanged(this.name, started.address, true);
    // The node may have been closed while the sockets were bound.
    if (this.#closed) await close();
    return reflector;
  }

  probeUdp(reflector: SocketAddress, options: ProbeOptions): Promise<SocketAddress> {
    this.ready();
    return probes.probeUdp(this, reflector, options);
  }

  probeTcp(
    reflector: SocketAddress,
    options: Pick<ProbeOptions, "timeoutMs">,
  ): Promise<SocketAddress> {
    this.ready();
    return probes.probeTcp(this, reflector, options);
  }

  capture(interfaceName: string | undefined, options: CaptureOptions): Promise<Capture> {
    this.ready();
    return Capture.start(this, captureTarget(this, interfaceName), options);
  }

  track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.catch(() => {}).finally(() =>
      this.#work.delete(tracked)
    );
    this.#work.add(tracked);
  }

  log(kind: OutputKind, chunk: Uint8Array): void | Promise<void> {
    return this.#lab.log(this.name, kind, chunk);
  }

  output(kind: OutputKind): ProgramOutput {
    return this.#lab.output(this.name, kind);
  }

  variables(given: (name: string) => string | undefined): Record<string, string> {
    return this.#lab.variables(this, given);
  }

  started(argv: string[]): string {
    return this.#lab.commandStarted(this.name, argv);
  }

  ended(id: string, how: Ended): void {
    this.#lab.commandEnded(this.name, id, how);
  }

  taskStarted(module: string): string {
    return this.#lab.taskStarted(this.name, module);
  }

  taskEnded(id: string, error?: unknown): void {
    this.#lab.taskEnded(this.name, id, error);
  }

  threadFailed(error: unknown): void {
    this.#lab.threadFailed(this.name, error);
  }

  /** Ends everything that runs in the node, then closes its namespace. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#shell) shells.closeShell(this);
    this.#worker.close();
    const ended = await Promise.allSettled([
      ...[...this.#tasks].map((task) => task.stop()),
      ...[...this.#reflectors].map((reflector) => reflector.close()),
      this.sandbox.close(),
    ]);
    // All processes have ended, so each of these settles.
    await Promise.all(this.#work);
    await this.#lab.programsEnded(this);
    this.namespace.close();
    for (const how of ended) if (how.status === "rejected") throw how.reason;
  }
}
