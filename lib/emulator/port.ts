import { closeLater } from "../../native/fast.ts";
import { closeFd, highFd, SyscallError } from "../../native/libc.ts";
import type { Namespace } from "../../native/namespace.ts";
import { setCarrier } from "../../native/netlink/link.ts";
import { getLinkCounters, readLinkCounters } from "../../native/netlink/link_counters.ts";
import { setNoQueue } from "../../native/netlink/tc.ts";
import { openFrameSender } from "../../native/frames/packet_socket.ts";
import {
  discardFrames,
  keepTap,
  openTap,
  setTapOffload,
  type TapOffload,
} from "../../native/frames/tap.ts";
import type { LinkLimits } from "../link/mod.ts";
import { isPerPacket } from "./shaper.ts";

/**
 * Each port marks the frames that it sends with its own mark, from this one on: a packet that leaves
 * by a bridge keeps its mark on the path to the bridge's port, whose condition it must not escape.
 */
const FIRST_MARK = 0x6e00_0000;
/** Frames that wait for the emulator's thread: 40 ms at 100,000 a second. */
const TAP_QUEUE = 4_096;
const SEND_BUFFER_BYTES = 16 * 2 ** 20;
/** The indexes and names of TAPs are far from those that the lab and the kernel choose. */
const FIRST_INDEX = 1_000_000;
const NAMES_TRIED = 16;

let nextNumber = 0;

/** What the kernel leaves to the emulator under given limits, and perhaps a shared rate. */
export function offloadFor(limits: LinkLimits, shared = false): TapOffload {
  if (!isPerPacket(limits) && !shared) return "segmentation";
  // A checksum that is computed after the damage would hide it.
  return limits.corruptPct ? "none" : "checksum";
}

/**
 * The emulator's access to a namespace: a TAP that it reads, and a socket by which it sends. Making a
 * port is cheap and closing one is not, so ports are reused as long as their namespace lives.
 */
export class Port {
  readonly namespace: Namespace;
  /** Differs from that of all other ports; part of the TAP's name. */
  readonly number: number;
  /** The index of the TAP. */
  readonly index: number;
  /** The descriptor of the TAP. */
  readonly tap: number;
  readonly sender: number;
  /** The mark of the frames that it sends (SO_MARK in socket(7)). */
  readonly mark: number;
  /** Whether a rule of nftables redirects to it, besides the filter. */
  hasEgressRule = false;
  #offload: TapOffload | undefined;
  /** How many frames found the TAP full before its current use. */
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
    return this.#overflowedInAll() - this.#overflowedBefore;
  }

  /**
   * Prepares the port for another use: drops the frames that still wait in the TAP. Returns false if
   * the TAP is gone.
   */
  renew(): boolean {
    this.#overflowedBefore = this.#overflowedInAll();
    return discardFrames(this.tap);
  }

  /** Chooses what the kernel leaves to the emulator. Waits for other changes of links in progress. */
  setOffload(offload: TapOffload): void {
    if (offload === this.#offload) return;
    try {
      setTapOffload(this.tap, offload);
      this.#offload = offload;
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== "EBADFD") throw error;
      // The TAP is gone, with all that it would carry.
    }
  }

  #overflowedInAll(): number {
    try {
      const [answer] = this.namespace.rtnetlink((batch) => getLinkCounters(batch, this.index));
      return readLinkCounters(answer)?.counters.txDropped ?? this.#overflowedBefore;
    } catch {
      return this.#overflowedBefore; // The TAP is gone, or its namespace.
    }
  }

  /** Closes the TAP and the socket; resolves when the kernel has released the namespace. */
  async close(): Promise<void> {
    closeFd(this.tap);
    await closeLater(this.sender);
  }
}

function makeTap(): { tap: number; number: number } {
  for (let attempt = 1;; attempt++) {
    const number = nextNumber++;
    try {
      return { tap: highFd(openTap(`emu${number}`, FIRST_INDEX + number)), number };
    } catch (error) {
      const taken = error instanceof SyscallError && ["EBUSY", "EEXIST"].includes(error.code);
      if (!taken || attempt === NAMES_TRIED) throw error;
    }
  }
}
