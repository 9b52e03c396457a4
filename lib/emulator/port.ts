import { closeLater } from "../../native/fast.ts";
import { closeFd, highFd, SyscallError } from "../../native/libc.ts";
import type { Namespace } from "../../native/namespace.ts";
import { getLink, readLinkState, setCarrier } from "../../native/netlink/link.ts";
import { setNoQueue } from "../../native/netlink/tc.ts";
import { openFrameSender } from "../../native/packet_socket.ts";
import { discardFrames, openTap } from "../../native/tap.ts";

/**
 * What a port sends carries a mark of its own, from here on: a packet that leaves by a bridge keeps
 * it on its way to the bridge's port, whose condition it must not escape.
 */
const FIRST_MARK = 0x6e00_0000;
/** Frames that wait for the emulator's thread: 40 ms at 100,000 a second. */
const TAP_QUEUE = 4_096;
const SEND_BUFFER_BYTES = 16 * 2 ** 20;
/** Indexes and names of TAPs are far from those that the lab and the kernel choose. */
const FIRST_INDEX = 1_000_000;
const NAMES_TRIED = 16;

let made = 0;

/**
 * The emulator's way into a namespace: a TAP that it reads, and a socket by which it sends. Making
 * one is cheap and ending one is not, so they are used again as long as their namespace lives.
 */
export class Port {
  readonly namespace: Namespace;
  /** The index of the TAP. */
  readonly index: number;
  /** The descriptor of the TAP. */
  readonly tap: number;
  readonly sender: number;
  /** The mark of what it sends (SO_MARK in socket(7)). */
  readonly mark: number;

  constructor(namespace: Namespace) {
    this.namespace = namespace;
    const { tap, number } = namespace.enter(makeTap);
    const index = FIRST_INDEX + number;
    this.tap = tap;
    this.index = index;
    this.mark = FIRST_MARK + number;
    try {
      namespace.rtnetlink((batch) => {
        setNoQueue(batch, index);
        setCarrier(batch, index, TAP_QUEUE);
      });
      this.sender = highFd(
        namespace.enter(() => openFrameSender({ mark: this.mark, bufferBytes: SEND_BUFFER_BYTES })),
      );
    } catch (error) {
      closeFd(tap);
      throw error;
    }
  }

  /** How many frames found the TAP full. */
  get overflowed(): number {
    try {
      const [answer] = this.namespace.rtnetlink((batch) => getLink(batch, this.index));
      return readLinkState(answer).stats.txDropped;
    } catch {
      return 0; // It is gone, with its namespace.
    }
  }

  /** Throws away what was under way to the TAP when it was last used. */
  clear(): void {
    discardFrames(this.tap);
  }

  /** Lets the namespace go; resolves when the kernel has seen it. */
  async close(): Promise<void> {
    closeFd(this.tap);
    await closeLater(this.sender);
  }
}

function makeTap(): { tap: number; number: number } {
  for (let attempt = 1;; attempt++) {
    const number = made++;
    try {
      return { tap: highFd(openTap(`emu${number}`, FIRST_INDEX + number)), number };
    } catch (error) {
      const taken = error instanceof SyscallError && ["EBUSY", "EEXIST"].includes(error.code);
      if (!taken || attempt === NAMES_TRIED) throw error;
    }
  }
}
