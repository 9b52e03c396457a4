import { NetyardError } from "../../../native/error.ts";
import { nodeEntry } from "../../lab/entry.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Vm } from "../../lab/vm.ts";
import type { Node } from "../../node/node.ts";
import type { SessionNode } from "./session.ts";
import {
  messageBytes,
  messagesOf,
  type SessionReply,
  type SessionRequest,
} from "./session_messages.ts";

/** A node that other processes can enter. */
interface OpenNode {
  kind: SessionNode["kind"];
  node: Node | Vm;
}

/** The nodes of a lab that other processes can enter, by name. */
export function nodesOf(lab: Lab): Map<string, OpenNode> {
  const all = new Map<string, OpenNode>([["ix", { kind: "exchange", node: lab.ix }]]);
  // The name of its node in logs too: a router may have the name of a region.
  for (const node of lab.regions) all.set(`region-${node.name}`, { kind: "region", node });
  for (const node of lab.routers) all.set(node.name, { kind: "router", node });
  for (const node of lab.devices) all.set(node.name, { kind: "device", node });
  for (const node of lab.vms) all.set(node.name, { kind: "vm", node });
  return all;
}

/**
 * Lets other processes of this user enter the nodes of a lab, through a socket. It replies how to enter a
 * node, or runs a command in a virtual machine, which no process can enter.
 */
export class SessionServer implements AsyncDisposable {
  #lab: Lab;
  #listener: Deno.UnixListener;
  #served = new Set<Promise<void>>();
  #connections = new Set<Deno.UnixConn>();

  private constructor(lab: Lab, listener: Deno.UnixListener) {
    this.#lab = lab;
    this.#listener = listener;
    void this.#accept();
  }

  /** Listens at a path; the permissions of its directory decide who can connect. */
  static listen(lab: Lab, path: string): SessionServer {
    return new SessionServer(lab, Deno.listen({ transport: "unix", path }));
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      const served = this.#serve(connection)
        .catch(() => {}) // The client has disconnected.
        .finally(() => {
          this.#served.delete(served);
          this.#connections.delete(connection);
          try {
            connection.close();
          } catch {
            // The server has closed it.
          }
        });
      this.#served.add(served);
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    const requests = messagesOf<SessionRequest>(connection.readable);
    const { value: request, done } = await requests.next();
    if (done) return;
    const writer = connection.writable.getWriter();
    const reply = (message: SessionReply) => writer.write(messageBytes(message));
    const gone = requests.next().then(() => {}, () => {});
    try {
      const { node } = nodesOf(this.#lab).get(request.node) ?? {};
      if (node === undefined) throw new NetyardError(`there is no node "${request.node}"`);
      if ("boot" in node) await runInGuest(node, request.command, reply, gone);
      else {
        const entry = nodeEntry(node);
        await reply({ kind: "enter", entry, env: this.#lab.env });
      }
    } catch (error) {
      const message = error instanceof NetyardError ? error.message : Deno.inspect(error);
      await reply({ kind: "refused", message });
    }
  }

  /** Closes all connections, and kills the commands that run in virtual machines. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    await Promise.all(this.#served);
  }
}

/** Runs a command through the guest agent, and kills it when the client disconnects. */
async function runInGuest(
  vm: Vm,
  command: string[],
  reply: (message: SessionReply) => Promise<void>,
  gone: Promise<void>,
): Promise<void> {
  if (command.length === 0) {
    throw new NetyardError(
      `"${vm.name}" is a virtual machine without a terminal here; give it a command, such as ` +
        `\`netyard run-in ${vm.name} -- ip addr\``,
    );
  }
  await using process = await vm.spawn(command);
  const pump = async (stream: "stdout" | "stderr") => {
    for await (const bytes of process[stream]) {
      await reply({ kind: "output", stream, data: bytes.toBase64() });
    }
  };
  const printed = Promise.all([pump("stdout"), pump("stderr")]);
  printed.catch(() => {}); // `ended` has the same error; or the client has disconnected.
  const ended = printed.then(() => process.wait());
  const status = await Promise.race([ended, gone]);
  if (status) await reply({ kind: "exit", code: status.exitCode });
}
