import { closeLater } from "../../native/fast.ts";
import { closeFd, highFd, SyscallError } from "../../native/libc.ts";
import type { Namespace } from "../../native/namespace.ts";
import { getLink, readLinkState, setCarrier } from "../../native/netlink/link.ts";
import { setNoQueue } from "../../native/netlink/tc.ts";
import { openFrameSender } from "../../native/frames/packet_socket.ts";
import {
  discardFrames,
  keepTap,
  openTap,
  setTapOffload,
  type TapOffload,
} from "../../native/frames/tap.ts";

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
  /** By which it is told from all others; its TAP is called so. */
  readonly number: number;
  /** The index of the TAP. */
  readonly index: number;
  /** The descriptor of the TAP. */
  readonly tap: number;
  readonly sender: number;
  /** The mark of what it sends (SO_MARK in socket(7)). */
  readonly mark: number;
  /** Whether a rule of nftables has it get what it is to get, too. */
  aside = false;
  #offload: TapOffload | undefined;
  /** How many frames found the TAP full before its present use. */
  #overflowedBefore = 0;

  constructor(namespace: Namespace) {
    this.namespace = namespace;
    const { tap, number } = namespace.enter(makeTap);
    const index = FIRST_INDEX + number;
    this.number = number;
    this.tap = tap;
    this.index = index;
    this.mark = FIRST_MARK + number;
    let sender = -1;
    try {
      namespace.rtnetlink((batch) => {
        setNoQueue(batch, index);
        setCarrier(batch, index, TAP_QUEUE);
      });
      sender = highFd(
        namespace.enter(() => openFrameSender({ mark: this.mark, bufferBytes: SEND_BUFFER_BYTES })),
      );
      this.sender = sender;
      keepTap(tap);
    } catch (error) {
      closeFd(tap);
      if (sender >= 0) closeFd(sender);
      throw error;
    }
  }

  /** How many frames found the TAP full since {@link Port.renew}. */
  get overflowed(): number {
    return this.#overflowedEver() - this.#overflowedBefore;
  }

  /**
   * Makes it ready for another use: throws away what was under way to the TAP at the last one.
   * Returns false if the TAP is gone.
   */
  renew(): boolean {
    this.#overflowedBefore = this.#overflowedEver();
    return discardFrames(this.tap);
  }

  /** Chooses what the kernel leaves to the emulator. It may have to wait for other changes of links. */
  setOffload(offload: TapOffload): void {
    if (offload === this.#offload) return;
    try {
      setTapOffload(this.tap, offload);
      this.#offload = offload;
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== "EBADFD") throw error;
      // The TAP is gone, and what it would carry with it.
    }
  }

  #overflowedEver(): number {
    try {
      const [answer] = this.namespace.rtnetlink((batch) => getLink(batch, this.index));
      return readLinkState(answer).stats.txDropped;
    } catch {
      return this.#overflowedBefore; // It is gone, with its namespace.
    }
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
