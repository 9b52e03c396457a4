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
 * A router, a device or the exchange: a network stack of its own, in which
 * programs and functions run.
 *
 * | way | runs | for |
 * |---|---|---|
 * | `$` | dax commands | shell one-liners with pipes |
 * | `command()` | one program, as `Deno.Command` | processes with streams |
 * | `runSync()` | a closure, on the calling thread | making sockets |
 * | `run()` | a function, on the node's own thread | network I/O |
 * | `spawn()` | a module, on a thread of its own | servers, narrowed permissions |
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

  /** Where {@link Node.spawnReflector} listens unless it is told. */
  protected abstract serverIp(): string;

  /** Throws a {@link NodeRemovedError} when the node is gone. */
  protected ready(): void {
    this.#runtime.ready();
  }

  #use(): NodeRuntime {
    this.ready();
    return this.#runtime;
  }

  /**
   * A dax shell: every external program runs inside the node, with its network
   * and its names, and finds the node's name in `NETYARD_NODE`. What the shell
   * does itself (`cd`, `echo`, redirections) happens outside: a redirection to a
   * file that is the node's own, below /proc, in /etc or a link in /sys, is a {@link CommandError}.
   * What still runs when the lab closes is killed, which dax reports as a failure: start with
   * `.noThrow()` what is to run until then. See https://github.com/dsherret/dax.
   *
   * @example
   * ```ts ignore
   * const text = await laptop.$`ping -c 1 ${server.ip} | tail -1`.text();
   * ```
   */
  get $(): $Type {
    return this.#runtime.shell();
  }

  /** A program to run inside, used as a `Deno.Command` is. An empty program is a {@link CommandError}. */
  command(program: string | URL, options: Deno.CommandOptions = {}): NodeCommand {
    if (typeof program !== "string" && !(program instanceof URL)) {
      throw new CommandError(`${this.name}: command() takes a program, but was given ${program}`);
    }
    return new NodeCommand(this.#use(), program, options);
  }

  /**
   * Calls a synchronous function on this thread, inside the node's network
   * namespace. Sockets that it makes stay there: a listener returned from it
   * keeps working on this thread's event loop, until you close it: it is yours, also when the lab
   * closes. Use addresses: names are the host's here. What a function does later (`await`, `node:dgram`'s bind) is outside, and so
   * are the processes that it starts: use {@link Node.run} and {@link Node.command} for those.
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
   * Runs a function on the node's own thread and resolves with what it returns.
   * It goes there as source text: it sees its arguments and what is global, not
   * the variables around it. Arguments and result are copied (structured clone);
   * errors arrive with their class and their stack. What it imports must be named by an absolute
   * address, such as `import.meta.resolve("./x.ts")` passed as an argument.
   *
   * What still runs when the node closes is rejected with a {@link NodeRemovedError}. Of a function
   * that nobody waits for, such as one that serves for good, that is no unhandled rejection.
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

  /** Copied, a handle would be an empty object, and what is read of it undefined. */
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

  /** Runs a module on a thread of its own, with permissions that can be narrowed. */
  async spawn(module: URL | string, options: SpawnOptions = {}): Promise<NodeTask> {
    if (module instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(module)) {
      return this.#use().spawn(module, options);
    }
    const { pathToFileURL } = await import("node:url");
    return this.#use().spawn(pathToFileURL(module), options);
  }

  /** Starts a server that tells callers their address as seen from here, on UDP and TCP; resolves when bound. */
  async spawnReflector(address: { ip?: string; port?: number } = {}): Promise<Reflector> {
    return await this.#runtime.reflector(address, this.serverIp());
  }

  /** Asks a reflector by UDP: the answer is this node's address after every NAT between. */
  async probeUdpMapping(
    reflector: SocketAddress,
    options: ProbeOptions = {},
  ): Promise<SocketAddress> {
    return await this.#runtime.probeUdp(reflector, options);
  }

  /** Asks a reflector by TCP, as {@link Node.probeUdpMapping} does by UDP. */
  async probeTcpMapping(
    reflector: SocketAddress,
    options: Pick<ProbeOptions, "timeoutMs"> = {},
  ): Promise<SocketAddress> {
    return await this.#runtime.probeTcp(reflector, options);
  }

  /**
   * Captures packets as this node sends and receives them, by tcpdump. Nothing is lost from when this
   * resolves until the capture is closed; what the kernel had to drop all the same is counted.
   *
   * @param interfaceName Default: the only interface besides `lo`; of several, `any`, which is all of
   * them. What a node forwards is then seen twice, as it comes and as it goes, and frames begin with a
   * header of their own in place of Ethernet's.
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
