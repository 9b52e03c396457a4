import { SyscallError } from "../../native/libc.ts";
import type { Namespace } from "../../native/namespace.ts";
import { addEgressTable, deleteNetdevTables } from "../../native/netlink/nf_tables.ts";
import { nft, withoutTable } from "../../native/nftables.ts";
import type { LinkEnd } from "../link/mod.ts";
import type { Port } from "./port.ts";

/**
 * The kernel takes 15 ms to delete rules, one or many, and no rule can be added meanwhile: rules are
 * deleted when none was added for this time.
 */
const QUIET_MS = 150;

/** The rules of a namespace that wait for their deletion. */
interface Pending {
  ports: Set<Port>;
  timer: ReturnType<typeof setTimeout>;
}

const table = (port: Port) => `netyard_emu${port.number}`;

/**
 * Rules of nftables that redirect what leaves by an end of a link to a port, while the kernel takes
 * that end's queue out of use. They do what the port's filter does, so they may stay for a while.
 */
export class EgressRules {
  #pending = new Map<Namespace, Pending>();
  #running = new Set<Promise<void>>();

  /** Calls `act` while a rule redirects everything to the port, if the kernel can (since Linux 5.16). */
  during(end: LinkEnd, port: Port, act: () => void): void {
    port.hasEgressRule = this.#add(end, port);
    try {
      act();
    } catch (error) {
      this.delete(end, port);
      throw error;
    }
    if (port.hasEgressRule) this.#deleteLater(port);
  }

  /** Deletes the rule of a port now, together with the pending ones of its namespace. */
  delete({ namespace }: LinkEnd, port: Port): void {
    if (!port.hasEgressRule) return;
    const ports = new Set([...this.#pending.get(namespace)?.ports ?? [], port]);
    this.release(namespace);
    // Adds each table first: a program in the node may have flushed all rules.
    const rules = [...ports].map((port) => withoutTable("netdev", table(port)));
    for (const port of ports) port.hasEgressRule = false;
    namespace.enter(() => nft(rules.join("")));
  }

  /** Forgets the pending rules of a namespace, which go with it. */
  release(namespace: Namespace): void {
    clearTimeout(this.#pending.get(namespace)?.timer);
    this.#pending.delete(namespace);
  }

  /** Forgets all pending rules; resolves when no call to the kernel is in progress. */
  async close(): Promise<void> {
    for (const namespace of [...this.#pending.keys()]) this.release(namespace);
    await Promise.all(this.#running);
  }

  #track(promise: Promise<void>): void {
    const running = promise.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Returns false if the kernel refused the rule. */
  #add(end: LinkEnd, port: Port): boolean {
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

  #deleteLater(port: Port): void {
    const { namespace } = port;
    const ports = this.#pending.get(namespace)?.ports ?? new Set();
    this.release(namespace);
    ports.add(port);
    const timer = setTimeout(() => {
      this.#pending.delete(namespace);
      this.#track(this.#deleteAll(namespace, [...ports]));
    }, QUIET_MS);
    this.#pending.set(namespace, { ports, timer });
  }

  async #deleteAll(namespace: Namespace, ports: Port[]): Promise<void> {
    if (ports.length === 0) return;
    try {
      await namespace.enter(() => deleteNetdevTables(ports.map(table)));
    } catch (error) {
      if (!(error instanceof SyscallError)) return; // The namespace is gone.
      // Of several tables one is gone already: a program in the node flushed all rules.
      if (ports.length > 1) { for (const port of ports) await this.#deleteAll(namespace, [port]); }
    }
    for (const port of ports) port.hasEgressRule = false;
  }
}
