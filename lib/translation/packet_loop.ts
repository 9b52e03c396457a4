import { Arena } from "../../native/arena.ts";
import { fast } from "../../native/fast.ts";
import { Poller } from "../../native/poll/poller.ts";
import { VNET_HEADER_BYTES } from "../../native/frames/tap.ts";
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
/** The longest sleep. */
const IDLE_NS = 10e9;
/** The offset of the destination address. */
const TO4 = VNET_HEADER_BYTES + 16;
const TO6 = VNET_HEADER_BYTES + 24;
/** The token of the eventfd. */
const WAKE = 0xffff_ffff;
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
 * Translates the packets of all TUNs of a lab, on the thread that calls `run`, until the command to
 * stop: reads what was routed to a TUN, translates it, and writes it back to the TUN, from where the
 * kernel forwards it. Allocates nothing for a packet.
 */
export class PacketLoop {
  #control: Control;
  #wake: number;
  #symbols = fast();
  #arena = new Arena(READ_BYTES + WRITE_BYTES);
  #in = this.#arena.bytes.subarray(0, READ_BYTES);
  #out = this.#arena.bytes.subarray(READ_BYTES);
  #inPointer = this.#arena.pointer(0);
  #poller = new Poller();
  #tuns: (Tun | undefined)[] = new Array(TUNS).fill(undefined);
  #second = 0;
  #sweepAt = SWEEP_SECS;
  #stopping = false;

  constructor(control: Control, wake: number) {
    this.#control = control;
    this.#wake = wake;
    this.#poller.add(wake, WAKE);
  }

  run(): void {
    try {
      this.#executeCommands();
      while (!this.#stopping) this.#turn();
    } finally {
      this.#poller.close();
      this.#arena.close();
    }
  }

  #turn(): void {
    const poller = this.#poller;
    const ready = poller.wait(IDLE_NS);
    this.#control.alive();
    this.#second = Math.floor(poller.now() / 1e9);
    for (let n = 0; n < ready; n++) {
      const token = poller.token(n);
      if (token === WAKE) this.#executeCommands();
      else this.#serve(token, poller.failed(n));
    }
    if (this.#second >= this.#sweepAt) this.#sweep();
  }

  // Commands.

  #executeCommands(): void {
    this.#symbols.read(this.#wake, this.#inPointer, READ_LENGTH);
    for (let command; (command = this.#control.command());) {
      this.#execute(command, this.#control.subject());
      this.#control.finish();
    }
  }

  #execute(command: Command, id: number): void {
    if (command === Command.Stop) this.#stopping = true;
    if (command === Command.Add) this.#add(id);
    if (command === Command.Remove) this.#remove(id);
  }

  #add(id: number): void {
    const { fd, spec } = this.#control.task(id);
    const { translator, hosts } = makeTranslator(spec);
    if (hosts) hosts.now = this.#second;
    this.#tuns[id] = new Tun(id, fd, translator, hosts);
    this.#poller.add(fd, id);
  }

  #remove(id: number): void {
    const tun = this.#tuns[id];
    if (tun && !tun.deaf) this.#poller.remove(tun.fd);
    this.#tuns[id] = undefined;
  }

  #sweep(): void {
    this.#sweepAt = this.#second + SWEEP_SECS;
    for (const tun of this.#tuns) {
      if (!tun?.hosts) continue;
      tun.hosts.now = this.#second;
      if (tun.hosts.forget(FORGET_SECS) > 0) this.#report(tun);
    }
  }

  // Packets.

  #serve(id: number, failed: boolean): void {
    const tun = this.#tuns[id];
    if (!tun) return;
    if (failed) {
      // Its link is gone. The poller would report it all the time, until the lab removes it.
      tun.deaf = true;
      this.#poller.remove(tun.fd);
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
    if (tun.errorSecond !== this.#second) {
      tun.errorSecond = this.#second;
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
