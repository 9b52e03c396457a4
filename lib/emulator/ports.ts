import type { Namespace } from "../../native/namespace.ts";
import type { LinkEnd, LinkLimits } from "../link/mod.ts";
import { EgressRules } from "./egress_rules.ts";
import { offloadFor, Port } from "./port.ts";
import { explain, redirect, restore } from "./redirect.ts";

/** Takes, restores and reuses the ports of an emulator. */
export class Ports {
  /** The ports that are not in use. */
  #parked = new Map<Namespace, Port[]>();
  /** The namespaces that are about to go. */
  #released = new WeakSet<Namespace>();
  #closing = new Set<Promise<void>>();
  #egressRules = new EgressRules();

  /** Redirects what leaves by an end of a link to a port; after a failure everything is as before. */
  take(end: LinkEnd, limits: LinkLimits, shared = false): Port {
    try {
      const port = this.#reuse(end.namespace) ?? new Port(end.namespace);
      try {
        port.setOffload(offloadFor(limits, shared));
        redirect(end, port, this.#egressRules);
        return port;
      } catch (error) {
        this.park(port);
        throw error;
      }
    } catch (error) {
      throw explain(error, end);
    }
  }

  /** Ends the redirection of an end to a port. */
  restore(end: LinkEnd, port: Port): void {
    restore(end, port, this.#egressRules);
  }

  #reuse(namespace: Namespace): Port | undefined {
    const parked = this.#parked.get(namespace);
    for (let port; (port = parked?.pop());) {
      if (port.renew()) return port;
      this.#close(port); // A program in the node deleted the TAP.
    }
  }

  /** Keeps a port that the thread no longer reads, for another use. */
  park(port: Port): void {
    if (this.#released.has(port.namespace)) return this.#close(port);
    const parked = this.#parked.get(port.namespace);
    if (parked) parked.push(port);
    else this.#parked.set(port.namespace, [port]);
  }

  /** Closes the ports of a namespace that is about to go, now or when they are parked. */
  release(namespace: Namespace): void {
    this.#released.add(namespace);
    this.#egressRules.release(namespace);
    for (const port of this.#parked.get(namespace) ?? []) this.#close(port);
    this.#parked.delete(namespace);
  }

  /** Closes all parked ports; resolves when they are closed. */
  async close(): Promise<void> {
    for (const namespace of [...this.#parked.keys()]) this.release(namespace);
    await Promise.all([...this.#closing, this.#egressRules.close()]);
  }

  #close(port: Port): void {
    const closing = port.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
