import { SyscallError } from "../../native/libc.ts";
import type { Namespace } from "../../native/namespace.ts";
import { addEgressTable, deleteNetdevTables } from "../../native/netlink/nf_tables.ts";
import { nft } from "../../native/nftables.ts";
import type { LinkEnd } from "../link/mod.ts";
import type { Port } from "./port.ts";

/**
 * The kernel takes 15 ms to delete rules, one or many, and no others can be made meanwhile: they are
 * deleted when none was made for so long.
 */
const QUIET_MS = 150;

/** The rules of a namespace that are to be deleted, and when. */
interface Waiting {
  ports: Set<Port>;
  timer: ReturnType<typeof setTimeout>;
}

const table = (port: Port) => `netyard_emu${port.number}`;

/**
 * Rules of nftables that have a port get what leaves by an end of a link, while the kernel takes that
 * end's queue out of use. They do what the port's filter does, and so may stay for a while beside it.
 */
export class Asides {
  #waiting = new Map<Namespace, Waiting>();
  #going = new Set<Promise<void>>();

  /** Runs `act`, during which the port gets it all, if the kernel can do that (since Linux 5.16). */
  during(end: LinkEnd, port: Port, act: () => void): void {
    port.aside = this.#begin(end, port);
    try {
      act();
    } catch (error) {
      this.end(end, port);
      throw error;
    }
    if (port.aside) this.#endLater(port);
  }

  /** Takes the rule away for which there is no time to wait, and others with it that wait, too. */
  end({ namespace }: LinkEnd, port: Port): void {
    if (!port.aside) return;
    const ports = [...this.#waiting.get(namespace)?.ports ?? [], port];
    this.release(namespace);
    // A table that is not there, since somebody in the node flushed all rules, is made before.
    const rules = [...new Set(ports)].map((port) =>
      `add table netdev ${table(port)}\ndelete table netdev ${table(port)}\n`
    );
    for (const port of ports) port.aside = false;
    namespace.enter(() => nft(rules.join("")));
  }

  /** Leaves the rules of a namespace to its end. */
  release(namespace: Namespace): void {
    clearTimeout(this.#waiting.get(namespace)?.timer);
    this.#waiting.delete(namespace);
  }

  /** Leaves all of them; resolves when nothing is under way. */
  async close(): Promise<void> {
    for (const namespace of [...this.#waiting.keys()]) this.release(namespace);
    await Promise.all(this.#going);
  }

  #track(promise: Promise<void>): void {
    const going = promise.finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  #begin(end: LinkEnd, port: Port): boolean {
    if (end.live === false) return false;
    const rule = { device: end.name, mark: port.mark, target: port.index };
    try {
      end.namespace.enter(() => addEgressTable(table(port), rule, (closed) => this.#track(closed)));
      return true;
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
  }

  #endLater(port: Port): void {
    const { namespace } = port;
    const ports = this.#waiting.get(namespace)?.ports ?? new Set();
    this.release(namespace);
    ports.add(port);
    const timer = setTimeout(() => {
      this.#waiting.delete(namespace);
      this.#track(this.#delete(namespace, [...ports]));
    }, QUIET_MS);
    this.#waiting.set(namespace, { ports, timer });
  }

  async #delete(namespace: Namespace, ports: Port[]): Promise<void> {
    if (ports.length === 0) return;
    try {
      await namespace.enter(() => deleteNetdevTables(ports.map(table)));
    } catch (error) {
      if (!(error instanceof SyscallError)) return; // The namespace is gone.
      // Of several, one is gone already: somebody in the node flushed all rules.
      if (ports.length > 1) { for (const port of ports) await this.#delete(namespace, [port]); }
    }
    for (const port of ports) port.aside = false;
  }
}
