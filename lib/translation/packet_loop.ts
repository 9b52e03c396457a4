import { Arena } from "../../native/arena.ts";
import { fast } from "../../native/fast.ts";
import { VNET_HEADER_BYTES } from "../../native/frames/tap.ts";
import { DescriptorLoop } from "../loop/descriptor_loop.ts";
import type { Nat64Map, Translator } from "../siit/mod.ts";
import { Command, type Control, TUNS } from "./control.ts";
import { makeTranslator } from "./spec.ts";

/** A packet of 64 KiB behind its virtio-net header; whole pages. */
const READ_BYTES = 17 * 4096;
const READ_LENGTH = BigInt(READ_BYTES);
/** Enough for the translation of any packet. */
const WRITE_BYTES = 18 * 4096;
/** Packets that are read from one TUN before the other TUNs have their turn. */
const BATCH = 64;
/** The offset of the destination address. */
const TO4 = VNET_HEADER_BYTES + 16;
const TO6 = VNET_HEADER_BYTES + 24;
/**
 * A host that sent nothing for this time loses its address: the time for which a mapping of TCP lasts
 * (RFC 5382, REQ-5), 2 h 4 min.
 */
const FORGET_SECS = 7_440;
const SWEEP_SECS = 60;
/** The most ICMP errors that a translator sends in a second (RFC 4443, 2.4, f). */
const ERRORS_PER_SECOND = 100;

/** A TUN, on the thread's side. */
class Tun {
  readonly id: number;
  readonly fd: number;
  readonly translator: Translator;
  readonly hosts: Nat64Map | undefined;
  lost = 0;
  /** Whether the link is gone: nothing is read any more. */
  deaf = false;
  /** The second in which it sent errors last, and how many. */
  errorSecond = 0;
  errors = 0;

  constructor(id: number, fd: number, translator: Translator, hosts: Nat64Map | undefined) {
    this.id = id;
    this.fd = fd;
    this.translator = translator;
    this.hosts = hosts;
  }
}

/**
 * Translates the packets of all TUNs of a lab, on the thread that calls `run`: reads what was routed to a
 * TUN, translates it, and writes it back to the TUN, from where the kernel forwards it. Allocates nothing
 * for a packet.
 */
export class PacketLoop extends DescriptorLoop<Command> {
  #control: Control;
  #symbols = fast();
  #arena = new Arena(READ_BYTES + WRITE_BYTES);
  #in = this.#arena.bytes.subarray(0, READ_BYTES);
  #out = this.#arena.bytes.subarray(READ_BYTES);
  #inPointer = this.#arena.pointer(0);
  #tuns: (Tun | undefined)[] = new Array(TUNS).fill(undefined);
  #sweepAt = SWEEP_SECS;

  constructor(control: Control, wake: number) {
    super(control, wake, Command.Stop);
    this.#control = control;
  }

  /** Whole seconds since about the begin of the loop. */
  get #second(): number {
    return Math.floor(this.poller.now() / 1e9);
  }

  protected idleNs(): number {
    return Infinity;
  }

  protected endTurn(): void {
    if (this.#second >= this.#sweepAt) this.#sweep();
  }

  protected close(): void {
    this.#arena.close();
  }

  // Commands.

  protected execute(command: Command, id: number): void {
    if (command === Command.Add) this.#add(id);
    if (command === Command.Remove) this.#remove(id);
  }

  #add(id: number): void {
    const { fd, spec } = this.#control.task(id);
    const { translator, hosts } = makeTranslator(spec);
    if (hosts) hosts.now = this.#second;
    this.#tuns[id] = new Tun(id, fd, translator, hosts);
    this.poller.add(fd, id);
  }

  #remove(id: number): void {
    const tun = this.#tuns[id];
    if (tun && !tun.deaf) this.poller.remove(tun.fd);
    this.#tuns[id] = undefined;
  }

  #sweep(): void {
    const second = this.#second;
    this.#sweepAt = second + SWEEP_SECS;
    for (const tun of this.#tuns) {
      if (!tun?.hosts) continue;
      tun.hosts.now = second;
      if (tun.hosts.forget(FORGET_SECS) > 0) this.#report(tun);
    }
  }

  // Packets.

  protected serve(id: number, failed: boolean): void {
    const tun = this.#tuns[id];
    if (!tun) return;
    if (failed) {
      // Its link is gone. The poller would report it all the time, until the lab removes it.
      tun.deaf = true;
      this.poller.remove(tun.fd);
      return;
    }
    if (tun.hosts) tun.hosts.now = this.#second;
    for (let n = 0; n < BATCH; n++) {
      const length = this.#symbols.read(tun.fd, this.#inPointer, READ_LENGTH);
      if (length <= 0) break;
      this.#translate(tun, length);
    }
    this.#report(tun);
  }

  #translate(tun: Tun, length: number): void {
    const { translator } = tun;
    const bytes = this.#in;
    const isV4 = bytes[VNET_HEADER_BYTES] >>> 4 === 4;
    // What a kernel sends by itself on any link: MLD, router solicitations, IGMP.
    if (isV4 ? bytes[TO4] >>> 4 === 0xe : bytes[TO6] === 0xff) return;
    const result = isV4
      ? translator.translate4to6(this.#in, length, this.#out)
      : translator.translate6to4(this.#in, length, this.#out);
    if (result <= 0) return this.#sendError(tun, -result, length);
    const { stride } = translator;
    for (let at = 0; at < result; at += stride) {
      this.#write(tun, at, Math.min(stride, result - at));
    }
  }

  /** Sends an ICMP error to the sender of a refused packet, if the refusal has one. */
  #sendError(tun: Tun, refusal: number, length: number): void {
    const second = this.#second;
    if (tun.errorSecond !== second) {
      tun.errorSecond = second;
      tun.errors = 0;
    }
    if (tun.errors >= ERRORS_PER_SECOND) return;
    const bytes = tun.translator.errorFor(refusal, this.#in, length, this.#out);
    if (bytes <= 0) return;
    tun.errors++;
    this.#write(tun, 0, bytes);
  }

  #write(tun: Tun, at: number, length: number): void {
    if (this.#arena.write(tun.fd, READ_BYTES + at, length) < 0) tun.lost++;
  }

  #report({ id, translator, lost, hosts }: Tun): void {
    const { translated, refused } = translator;
    this.#control.report(id, translated, refused, lost, hosts?.size ?? 0);
  }
}
