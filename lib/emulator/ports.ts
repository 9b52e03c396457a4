import type { Namespace } from "../../native/namespace.ts";
import type { LinkEnd, LinkLimits } from "../link/mod.ts";
import { Port } from "./port.ts";
import { Asides } from "./asides.ts";
import { explain, redirect, restore } from "./redirect.ts";
import { offloadFor } from "./offload.ts";

/** The ports of an emulator that nobody uses, by their namespaces. */
export class Ports {
  #parked = new Map<Namespace, Port[]>();
  /** Those whose namespaces are to go. */
  #released = new WeakSet<Namespace>();
  #closing = new Set<Promise<void>>();
  #asides = new Asides();

  /** Has what is to leave by an end of a link come to a port; on failure all is as before. */
  take(end: LinkEnd, limits: LinkLimits, shared = false): Port {
    try {
      const port = this.#used(end.namespace) ?? new Port(end.namespace);
      try {
        port.setOffload(offloadFor(limits, shared));
        redirect(end, port, this.#asides);
        return port;
      } catch (error) {
        this.park(port);
        throw error;
      }
    } catch (error) {
      throw explain(error, end);
    }
  }

  /** Has what is to leave by an end leave by it again, and not come to the port. */
  restore(end: LinkEnd, port: Port): void {
    restore(end, port, this.#asides);
  }

  #used(namespace: Namespace): Port | undefined {
    const parked = this.#parked.get(namespace);
    for (let port; (port = parked?.pop());) {
      if (port.renew()) return port;
      this.#close(port); // Somebody in the node deleted the TAP.
    }
  }

  /** Keeps a port, which nothing reads any more, for another use. */
  park(port: Port): void {
    if (this.#released.has(port.namespace)) return this.#close(port);
    const parked = this.#parked.get(port.namespace);
    if (parked) parked.push(port);
    else this.#parked.set(port.namespace, [port]);
  }

  /** Lets a namespace go. */
  release(namespace: Namespace): void {
    this.#released.add(namespace);
    this.#asides.release(namespace);
    for (const port of this.#parked.get(namespace) ?? []) this.#close(port);
    this.#parked.delete(namespace);
  }

  /** Lets all of them go; resolves when they are gone. */
  async close(): Promise<void> {
    for (const namespace of [...this.#parked.keys()]) this.release(namespace);
    await Promise.all([...this.#closing, this.#asides.close()]);
  }

  #close(port: Port): void {
    const closing = port.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
