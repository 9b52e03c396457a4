import { Arena } from "../../native/arena.ts";
import { fast } from "../../native/fast.ts";
import { Poller } from "../../native/poll/poller.ts";
import { VNET_HEADER_BYTES } from "../../native/frames/tap.ts";
import { Agenda } from "./agenda.ts";
import { Command, type Control, DIRECTIONS } from "./control.ts";
import { corrupt, isControl } from "./frame.ts";
import { FULL, LOST, RateClock, SENT_TWICE, Shaper } from "./shaper.ts";
import { Slots } from "../loop/slots.ts";

/** A super-frame with all its headers: 64 KiB of IP, Ethernet, a VLAN tag, virtio-net's; whole pages. */
const LARGE_BYTES = 17 * 4096;
const LARGE_SLOTS = 8_192;
/** Any frame of a link with the usual MTU. */
const SMALL_BYTES = 2_048;
const SMALL_SLOTS = 262_144;
const SLOTS = LARGE_SLOTS + SMALL_SLOTS;
const SMALL_BASE = LARGE_SLOTS * LARGE_BYTES;
const LARGE_LENGTH = BigInt(LARGE_BYTES);
/** How much may be on its way in one direction: 40 ms at 25 Gbit/s. */
const IN_FLIGHT_BYTES = 128 * 2 ** 20;
/** Frames that are read from one link before the others have their turn. */
const AT_ONCE = 64;
/** More than ever wait in a TAP. */
const WAITING = 8_192;
/** Frames that are read before it looks whether one is due. */
const SEND_EVERY = 8;
/** How long it sleeps when nothing is to be done. */
const IDLE_NS = 10e9;
const WAKE = 0xffff_ffff;
const NONE = -1;

/** One direction of a link. */
class Direction {
  readonly id: number;
  readonly tap: number;
  readonly sender: number;
  readonly shaper: Shaper;
  /** The frames that keep their order: the first of them, which is in the agenda, and the last. */
  head = NONE;
  tail = NONE;
  inFlight = 0;
  /** Whether the node is gone, or nothing is to be read any more. */
  deaf = false;

  constructor(id: number, tap: number, sender: number, seed: number) {
    this.id = id;
    this.tap = tap;
    this.sender = sender;
    this.shaper = new Shaper(seed);
  }
}

/**
 * Moves the frames of all impaired links of a lab, on the thread that calls `run`, until it is told
 * to stop: reads each from the TAP that it was redirected to, holds it for as long as its fate says,
 * and sends it by the link that it was meant for. Nothing is allocated for a frame.
 */
export class Relay {
  #control: Control;
  #wake: number;
  #symbols = fast();
  #arena = new Arena(SMALL_BASE + SMALL_SLOTS * SMALL_BYTES);
  #poller = new Poller();
  #bytes = this.#arena.bytes;
  #large = new Slots(0, LARGE_SLOTS);
  #small = new Slots(LARGE_SLOTS, SMALL_SLOTS);
  #pointers: Deno.PointerObject[] = [];
  /** Where the next frame is read to: a large slot. */
  #landing: number;
  #agenda = new Agenda(SLOTS);
  #directions: (Direction | undefined)[] = new Array(DIRECTIONS).fill(undefined);
  /** The rates that directions share. */
  #shared: RateClock[] = [];
  // Of the frame in each slot.
  #length = new Int32Array(SLOTS);
  /** The number of its direction. */
  #owner = new Int32Array(SLOTS);
  #time = new Float64Array(SLOTS);
  #following = new Int32Array(SLOTS);
  #chained = new Uint8Array(SLOTS);
  // struct iovec. An array of its own that is so small might be moved.
  #vector = new Uint32Array(new ArrayBuffer(16));
  #vectorPointer = Deno.UnsafePointer.of(this.#vector)!;
  #stopping = false;

  constructor(control: Control, wake: number) {
    this.#control = control;
    this.#wake = wake;
    this.#landing = this.#large.take();
    this.#poller.add(wake, WAKE);
  }

  run(): void {
    try {
      this.#loop();
    } finally {
      this.#poller.close();
      this.#arena.close();
    }
  }

  #loop(): void {
    const poller = this.#poller;
    this.#obey();
    while (!this.#stopping) {
      const wait = this.#agenda.next - poller.now();
      const ready = poller.wait(wait < 0 ? 0 : wait > IDLE_NS ? IDLE_NS : wait);
      this.#control.alive();
      for (let n = 0; n < ready; n++) {
        const token = poller.token(n);
        if (token === WAKE) this.#obey();
        else this.#serve(token, poller.failed(n));
        this.#sendDue();
      }
      this.#sendDue();
    }
  }

  // Commands.

  #obey(): void {
    this.#symbols.read(this.#wake, this.#pointer(this.#landing), LARGE_LENGTH);
    for (let command; (command = this.#control.command());) {
      this.#do(command, this.#control.subject());
      this.#control.finish();
    }
  }

  #do(command: Command, id: number): void {
    if (command === Command.Stop) {
      this.#stopping = true;
      return;
    }
    if (command === Command.Fail) throw new Error("the emulator was told to fail");
    if (command === Command.Hang) { for (;;); }
    if (command === Command.Add) return this.#add(id);
    if (command === Command.Share) return this.#shared[id]?.set(this.#control.sharedRate(id));
    const direction = this.#directions[id];
    if (!direction) return;
    if (command === Command.Change) this.#change(direction);
    if (command === Command.Drop || command === Command.Abandon) this.#drop(direction);
    if (command === Command.Remove) this.#flush(direction);
    if (command === Command.Remove || command === Command.Abandon) this.#letGo(direction);
  }

  #add(id: number): void {
    const { tap, sender } = this.#control.fds(id);
    const direction = new Direction(id, tap, sender, this.#control.seed(id));
    this.#directions[id] = direction;
    this.#change(direction);
    this.#poller.add(tap, id);
  }

  #change(direction: Direction): void {
    this.#unchain(direction);
    const number = this.#control.shared(direction.id);
    const shared = number < 0 ? undefined : this.#shared[number] ??= new RateClock();
    shared?.set(this.#control.sharedRate(number));
    direction.shaper.set(this.#control.limits(direction.id), shared);
  }

  /** Has what is on its way leave when it was to, whatever comes after it. */
  #unchain(direction: Direction): void {
    for (let slot = direction.head; slot !== NONE; slot = this.#following[slot]) {
      this.#chained[slot] = 0;
      if (slot !== direction.head) this.#agenda.push(this.#time[slot], slot);
    }
    direction.head = NONE;
    direction.tail = NONE;
  }

  #drop(direction: Direction): void {
    // Whoever sends all the time shall not keep it busy with this alone.
    for (let n = 0; n < WAITING && !direction.deaf; n++) {
      const length = this.#read(direction);
      if (length <= 0) break;
      this.#control.came(direction.id, length - VNET_HEADER_BYTES);
      this.#control.dropped(direction.id);
    }
    for (const slot of this.#takeHeld(direction)) {
      this.#control.dropped(direction.id);
      this.#free(slot);
    }
  }

  #flush(direction: Direction): void {
    while (!direction.deaf && this.#drain(direction) === AT_ONCE);
    const now = this.#poller.now();
    for (const slot of this.#takeHeld(direction)) {
      this.#send(direction, slot, now, now);
      this.#free(slot);
    }
  }

  /** Takes all frames on their way in one direction off the agenda; the next comes first. */
  #takeHeld(direction: Direction): number[] {
    if (direction.inFlight === 0) return [];
    this.#unchain(direction);
    direction.inFlight = 0;
    return this.#agenda.takeOut((slot) => this.#owner[slot] === direction.id);
  }

  #letGo(direction: Direction): void {
    if (!direction.deaf) this.#poller.remove(direction.tap);
    this.#directions[direction.id] = undefined;
  }

  // Frames.

  #serve(id: number, failed: boolean): void {
    const direction = this.#directions[id];
    if (!direction) return;
    if (failed) {
      // Its node is gone. Until it is let go, it would be ready all the time.
      direction.deaf = true;
      this.#poller.remove(direction.tap);
    } else this.#drain(direction);
  }

  /** Takes what came, up to a limit; returns how many frames it were. */
  #drain(direction: Direction): number {
    let n = 0;
    while (n < AT_ONCE) {
      const length = this.#read(direction);
      if (length <= 0) break;
      n++;
      this.#take(direction, length);
      if (n % SEND_EVERY === 0) this.#sendDue();
    }
    return n;
  }

  /** Reads a frame into the landing slot; returns its length, which is not positive if there is none. */
  #read(direction: Direction): number {
    return this.#symbols.read(direction.tap, this.#pointer(this.#landing), LARGE_LENGTH);
  }

  #take(direction: Direction, length: number): void {
    const control = this.#control;
    const { id, shaper } = direction;
    const now = this.#poller.now();
    const bytes = length - VNET_HEADER_BYTES;
    control.came(id, bytes);
    const frame = this.#landing * LARGE_BYTES + VNET_HEADER_BYTES;
    const own = shaper.perPacket && isControl(this.#bytes, frame);
    const fate = shaper.admit(now, bytes, own);
    if (fate === LOST) return control.lost(id);
    if (fate === FULL) return control.dropped(id);

    const twice = fate === SENT_TWICE;
    // The frame stays in the landing slot as long as a second one is to be made of it.
    this.#forward(direction, length, now, shaper.leave, shaper.ahead, shaper.corrupt, twice);
    if (!twice) return;
    control.duplicated(id);
    const { copyLeave, copyAhead, copyCorrupt } = shaper;
    this.#forward(direction, length, now, copyLeave, copyAhead, copyCorrupt, false);
  }

  /** Sends the frame in the landing slot at once, if that is its time, or else puts it on the agenda. */
  #forward(
    direction: Direction,
    length: number,
    now: number,
    time: number,
    ahead: boolean,
    chance: number,
    copy: boolean,
  ): void {
    if (ahead) this.#control.reordered(direction.id);
    const isNext = time <= now && direction.head === NONE;
    if (isNext && chance < 0) this.#send(direction, this.#landing, time, now, length);
    else this.#plan(direction, length, time, ahead, chance, copy);
  }

  /** Puts the frame in the landing slot, or a copy of it, on the agenda. */
  #plan(
    direction: Direction,
    length: number,
    time: number,
    ahead: boolean,
    chance: number,
    copy: boolean,
  ): void {
    const control = this.#control;
    const slot = this.#room(direction, length, copy);
    if (slot === NONE) return control.dropped(direction.id);
    if (chance >= 0) {
      control.corrupted(direction.id);
      const header = this.#offset(slot);
      const start = header + VNET_HEADER_BYTES;
      corrupt(this.#bytes, header, start, length - VNET_HEADER_BYTES, chance);
    }
    direction.inFlight += length;
    this.#length[slot] = length;
    this.#owner[slot] = direction.id;
    this.#time[slot] = time;
    if (ahead || !direction.shaper.ordered) {
      this.#chained[slot] = 0;
      return this.#agenda.push(time, slot);
    }
    this.#chained[slot] = 1;
    this.#following[slot] = NONE;
    if (direction.tail === NONE) {
      direction.head = slot;
      this.#agenda.push(time, slot);
    } else {
      this.#following[direction.tail] = slot;
    }
    direction.tail = slot;
  }

  /** Moves the frame out of the landing slot, by copying it or by landing elsewhere from now on. */
  #room(direction: Direction, length: number, copy: boolean): number {
    if (direction.inFlight + length > IN_FLIGHT_BYTES) return NONE;
    const landing = this.#landing;
    if (length > SMALL_BYTES && !copy) {
      const next = this.#large.take();
      if (next === NONE) return NONE;
      this.#landing = next;
      return landing;
    }
    const slot = length > SMALL_BYTES ? this.#large.take() : this.#small.take();
    if (slot === NONE) return NONE;
    const from = landing * LARGE_BYTES;
    this.#bytes.copyWithin(this.#offset(slot), from, from + length);
    return slot;
  }

  #sendDue(): void {
    const agenda = this.#agenda;
    if (agenda.length === 0) return;
    let now = this.#poller.now();
    while (agenda.next <= now) {
      const slot = agenda.pop();
      // A direction is let go of only when nothing of it is held.
      const direction = this.#directions[this.#owner[slot]]!;
      if (this.#chained[slot]) {
        const next = this.#following[slot];
        direction.head = next;
        if (next === NONE) direction.tail = NONE;
        else agenda.push(this.#time[next], next);
      }
      direction.inFlight -= this.#length[slot];
      this.#send(direction, slot, this.#time[slot], now);
      this.#free(slot);
      now = this.#poller.now();
    }
  }

  #send(
    direction: Direction,
    slot: number,
    due: number,
    now: number,
    length = this.#length[slot],
  ): void {
    const address = this.#arena.address + this.#offset(slot);
    const low = address >>> 0;
    this.#vector[0] = low;
    this.#vector[1] = (address - low) / 2 ** 32;
    this.#vector[2] = length;
    if (this.#symbols.writev(direction.sender, this.#vectorPointer, 1) < 0) {
      this.#control.dropped(direction.id);
    } else this.#control.sent(direction.id, now - due);
  }

  // Memory.

  #offset(slot: number): number {
    return slot < LARGE_SLOTS
      ? slot * LARGE_BYTES
      : SMALL_BASE + (slot - LARGE_SLOTS) * SMALL_BYTES;
  }

  #free(slot: number): void {
    if (slot < LARGE_SLOTS) this.#large.give(slot);
    else this.#small.give(slot);
  }

  /** Of a large slot. */
  #pointer(slot: number): Deno.PointerObject {
    return this.#pointers[slot] ??= this.#arena.pointer(slot * LARGE_BYTES);
  }
}
