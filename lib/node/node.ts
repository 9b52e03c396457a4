import type { $Type } from "@david/dax";
import type { Capture } from "./capture/capture.ts";
import type { CaptureOptions } from "./capture/capture_options.ts";
import { CommandError, NodeRemovedError, RemoteFunctionError } from "./process/errors.ts";
import { NodeCommand } from "./process/command.ts";
import type { ProbeOptions } from "./reflector/probe_mapping.ts";
import type { Reflector } from "./reflector/reflector.ts";
import type { SocketAddress } from "./reflector/socket_address.ts";
import type { NodeRuntime } from "./runtime.ts";
import type { NodeTask, SpawnOptions } from "./thread/task.ts";

/**
 * A router, a device or the IX: its own network stack, in which programs and functions run.
 *
 * | API | runs | for |
 * |---|---|---|
 * | `$` | dax commands | shell one-liners with pipes |
 * | `command()` | one program, as `Deno.Command` | processes with streams |
 * | `runSync()` | a closure, on the calling thread | making sockets |
 * | `run()` | a self-contained function, on the thread of the node | network I/O |
 * | `spawn()` | a module, on its own thread | servers, restricted permissions |
 */
export abstract class Node {
  #runtime: NodeRuntime;

  /**
   * Made by the lab.
   *
   * @internal
   */
  protected constructor(runtime: NodeRuntime) {
    this.#runtime = runtime;
  }

  /** The name, unique in the lab. */
  get name(): string {
    return this.#runtime.name;
  }

  /** The default address of {@link Node.spawnReflector}. */
  protected abstract serverIp(): string;

  /** Throws a {@link NodeRemovedError} if the node was removed. */
  protected ready(): void {
    this.#runtime.ready();
  }

  #use(): NodeRuntime {
    this.ready();
    return this.#runtime;
  }

  /**
   * A dax shell. Every external program runs inside the node, with its network and names, and has the
   * name of the node in `NETYARD_NODE`. Built-in commands (`cd`, `echo`, redirections) run outside: a
   * redirection to a file that each node has of its own, below /proc, in /etc or a link in /sys, throws a
   * {@link CommandError}. Programs that still run when the lab closes are killed, which dax reports as a
   * failure: start those with `.noThrow()`. See https://github.com/dsherret/dax.
   *
   * @example
   * ```ts ignore
   * const text = await laptop.$`ping -c 1 ${server.ip} | tail -1`.text();
   * ```
   */
  get $(): $Type {
    return this.#runtime.shell();
  }

  /** Returns a command that runs inside, used like `Deno.Command`. @throws {CommandError} without a program. */
  command(program: string | URL, options: Deno.CommandOptions = {}): NodeCommand {
    if (typeof program !== "string" && !(program instanceof URL)) {
      throw new CommandError(`${this.name}: command() takes a program, but was given ${program}`);
    }
    return new NodeCommand(this.#use(), program, options);
  }

  /**
   * Calls a synchronous function on this thread, inside the network namespace of the node. Sockets that
   * it makes stay there: a returned listener keeps working on the event loop of this thread until you
   * close it, also after the lab has closed. Use addresses: names resolve as on the host here. Anything
   * asynchronous (`await`, the bind of `node:dgram`) runs outside, and so do processes that the function
   * starts: use {@link Node.run} and {@link Node.command} for those.
   *
   * @example
   * ```ts ignore
   * const listener = server.runSync(() => Deno.listen({ port: 8080 }));
   * ```
   */
  runSync<T>(fn: () => T): T {
    const runtime = this.#use();
    if (typeof fn !== "function") {
      throw new RemoteFunctionError(
        `${this.name}: runSync() takes a function, but was given ${String(fn)}`,
      );
    }
    if (fn.constructor.name === "AsyncFunction") {
      throw new RemoteFunctionError(
        `${this.name}: runSync() was given an async function, of which all but the beginning would ` +
          "run outside the node; make the socket in a synchronous one, or use run()",
      );
    }
    return runtime.namespace.enter(fn);
  }

  /**
   * Runs a function on the thread of the node and resolves with its result. The function is sent as source
   * text: it sees its arguments and globals, but no variables around it. Arguments and result are copied
   * (structured clone); errors keep their class and stack. Its imports need absolute addresses, for
   * example `import.meta.resolve("./x.ts")` passed as an argument.
   *
   * A function that still runs when the node closes rejects with a {@link NodeRemovedError}. If nothing
   * awaits it, as with a server, that is not an unhandled rejection.
   *
   * @example
   * ```ts ignore
   * const reply = await laptop.run(async (ip) => await (await fetch(`http://${ip}/`)).text(), server.ip);
   * ```
   */
  run<T, A extends unknown[]>(fn: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    try {
      this.#refuseHandles(args);
      this.#use().run(fn as (...args: never[]) => unknown, args).then(
        (value) => resolve(value as T),
        (error) => {
          if (error instanceof NodeRemovedError) promise.catch(() => {});
          reject(error);
        },
      );
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  /** Refuses handles: copied, they would be empty objects. */
  #refuseHandles(args: unknown[], depth = 3): void {
    for (const arg of args) {
      if (arg instanceof Node) {
        throw new RemoteFunctionError(
          `${this.name}: run() was given the node "${arg.name}" as an argument, and handles do not ` +
            "cross to another thread; pass what the function needs of it, for example its ip",
        );
      }
      if (depth === 0 || typeof arg !== "object" || arg === null) continue;
      const plain = Array.isArray(arg) || Object.getPrototypeOf(arg) === Object.prototype;
      if (plain) this.#refuseHandles(Object.values(arg), depth - 1);
    }
  }

  /** Runs a module on its own thread, optionally with fewer permissions. */
  async spawn(module: URL | string, options: SpawnOptions = {}): Promise<NodeTask> {
    if (module instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(module)) {
      return this.#use().spawn(module, options);
    }
    const { pathToFileURL } = await import("node:url");
    return this.#use().spawn(pathToFileURL(module), options);
  }

  /** Starts a server that answers with the address of the client, on UDP and TCP; resolves when it is bound. */
  async spawnReflector(address: { ip?: string; port?: number } = {}): Promise<Reflector> {
    return await this.#runtime.reflector(address, this.serverIp());
  }

  /** Probes a reflector by UDP; resolves with the address of this node after all NATs on the path. */
  async probeUdpMapping(
    reflector: SocketAddress,
    options: ProbeOptions = {},
  ): Promise<SocketAddress> {
    return await this.#runtime.probeUdp(reflector, options);
  }

  /** Probes a reflector by TCP, as {@link Node.probeUdpMapping} does by UDP. */
  async probeTcpMapping(
    reflector: SocketAddress,
    options: Pick<ProbeOptions, "timeoutMs"> = {},
  ): Promise<SocketAddress> {
    return await this.#runtime.probeTcp(reflector, options);
  }

  /**
   * Captures packets of this node with tcpdump. The capture is complete from the moment when this
   * resolves until it is closed; packets that the kernel had to drop are counted.
   *
   * @param interfaceName Default: the only interface besides `lo`; with several, `any`, which means
   * all. Forwarded packets are then seen twice, and frames begin with a Linux SLL2 header in place of
   * Ethernet's.
   *
   * @example
   * ```ts ignore
   * await using capture = await laptop.capture("eth0", { filter: "icmp" });
   * await laptop.$`ping -c 1 ${server.ip}`;
   * await capture.expect((packet) => packet.sourceIp === server.ip, { what: "an answer" });
   * await capture.toFile("ping.pcap");
   * ```
   */
  async capture(interfaceName?: string, options: CaptureOptions = {}): Promise<Capture> {
    return await this.#runtime.capture(interfaceName, options);
  }
}
