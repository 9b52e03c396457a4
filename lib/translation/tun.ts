import { closeFd, highFd, SyscallError } from "../../native/libc.ts";
import { type Namespace, NamespaceClosedError } from "../../native/namespace.ts";
import { deleteLink, noLinkLocal, setTunUp } from "../../native/netlink/link.ts";
import { refusedBy, removeIfPresent } from "../../native/netlink/refusal.ts";
import { setNoQueue } from "../../native/netlink/tc.ts";
import { keepTap } from "../../native/frames/tap.ts";
import { explainTunError } from "../../native/frames/tun_device.ts";
import { openTun } from "../../native/frames/tun.ts";
import { TranslationError } from "./errors.ts";

/** Where a TUN is made. */
export interface TunPlace {
  namespace: Namespace;
  /** The name of the link. */
  name: string;
  /** The MTU of the link, in bytes. */
  mtu: number;
  /** The node in messages, for example `router "carrier"`. */
  label: string;
}

/** The index of the link, far from those that a lab and the kernel choose: a node has at most one. */
export const TUN_INDEX = 990_000;
/** Packets that wait for the thread: 40 ms at 100,000 a second. */
const QUEUE = 4_096;

/** The TUN of a translator: its link, and the descriptor that reads and writes its packets. */
export class Tun {
  readonly place: TunPlace;
  readonly fd: number;
  #closed = false;

  /** Makes the link and sets it up, without addresses and routes. */
  constructor(place: TunPlace) {
    this.place = place;
    const { namespace, name, mtu, label } = place;
    try {
      this.fd = highFd(namespace.enter(() => openTun(name, TUN_INDEX)));
    } catch (error) {
      throw explain(error, label, name);
    }
    try {
      namespace.rtnetlink((batch) => {
        setNoQueue(batch, TUN_INDEX);
        noLinkLocal(batch, TUN_INDEX);
        setTunUp(batch, TUN_INDEX, mtu, QUEUE);
      });
      keepTap(this.fd);
    } catch (error) {
      closeFd(this.fd);
      throw error;
    }
  }

  /** Deletes the link; a read of the descriptor then fails. */
  unlink(): void {
    try {
      removeIfPresent(() =>
        this.place.namespace.rtnetlink((batch) => deleteLink(batch, TUN_INDEX))
      );
    } catch (error) {
      if (!(error instanceof NamespaceClosedError)) throw error;
    }
  }

  /** Closes the descriptor. The link goes with its namespace, or by {@link Tun.unlink}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFd(this.fd);
  }
}

/** The error for a TUN that cannot be made: what is wrong, and what to do. */
function explain(error: unknown, label: string, name: string): unknown {
  if (!(error instanceof SyscallError)) return error;
  const what = `${label}: cannot translate addresses`;
  const reason = refusedBy(error, ["EBUSY", "EEXIST"])
    ? `a program in it made a link called "${name}"; remove that link`
    : explainTunError(error) ?? error.message;
  return new TranslationError(`${what}: ${reason}`, { cause: error });
}
