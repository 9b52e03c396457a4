import { closeFd, highFd, SyscallError } from "../../native/libc.ts";
import { type Namespace, NamespaceClosedError } from "../../native/namespace.ts";
import { deleteLink, noLinkLocal, setTunUp } from "../../native/netlink/link.ts";
import { setNoQueue } from "../../native/netlink/tc.ts";
import { keepTap } from "../../native/frames/tap.ts";
import { TUN_DEVICE } from "../../native/frames/tun_device.ts";
import { openTun } from "../../native/frames/tun.ts";
import { TranslationError } from "./errors.ts";

/** Where a TUN is to be. */
export interface TunPlace {
  namespace: Namespace;
  /** What the link is called. */
  name: string;
  /** The largest packet that it takes, in bytes. */
  mtu: number;
  /** How messages call whom it is for, for example `router "carrier"`. */
  label: string;
}

/** Far from the indexes that a lab and the kernel choose: there is one TUN at most in a node. */
export const TUN_INDEX = 990_000;
/** Packets that wait for the thread: 40 ms at 100,000 a second. */
const QUEUE = 4_096;

/** A TUN of a translator: its link, and the descriptor by which its packets are read and written. */
export class Tun {
  readonly place: TunPlace;
  readonly fd: number;
  #closed = false;

  /** Makes the link, and sets it up. It has no address and no routes. */
  constructor(place: TunPlace) {
    this.place = place;
    const { namespace, name, mtu, label } = place;
    try {
      this.fd = highFd(namespace.enter(() => openTun(name, TUN_INDEX)));
    } catch (error) {
      throw explained(error, label, name);
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

  /** Takes the link away; what reads it finds it gone. */
  unlink(): void {
    try {
      this.place.namespace.rtnetlink((batch) => deleteLink(batch, TUN_INDEX));
    } catch (error) {
      const gone = error instanceof NamespaceClosedError ||
        (error instanceof SyscallError && error.code === "ENODEV");
      if (!gone) throw error;
    }
  }

  /** Lets the descriptor go. The link goes with its namespace, or before. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFd(this.fd);
  }
}

/** Says what stands in the way, and what to do about it. */
function explained(error: unknown, label: string, name: string): unknown {
  if (!(error instanceof SyscallError)) return error;
  const what = `${label}: cannot translate addresses`;
  if (error.call === "open") {
    return new TranslationError(
      `${what}: ${error.message}; it needs ${TUN_DEVICE}, readable and writable: ` +
        "as root, `modprobe tun` and `chmod 0666 /dev/net/tun`",
      { cause: error },
    );
  }
  if (["EBUSY", "EEXIST"].includes(error.code)) {
    return new TranslationError(
      `${what}: a program in it made a link called "${name}"; remove that link`,
      { cause: error },
    );
  }
  return new TranslationError(`${what}: ${error.message}`, { cause: error });
}
