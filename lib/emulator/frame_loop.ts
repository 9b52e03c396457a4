import { Arena } from "../../native/arena.ts";
import { fast } from "../../native/fast.ts";
import { VNET_HEADER_BYTES } from "../../native/frames/tap.ts";
import { Agenda } from "./agenda.ts";
import { Command, type Control, DIRECTIONS } from "./control.ts";
import { corrupt, isControl } from "./frame.ts";
import { FULL, LOST, RateClock, SENT_TWICE, Shaper } from "./shaper.ts";
import { DescriptorLoop } from "../loop/descriptor_loop.ts";
import { Slots } from "../loop/slots.ts";

/** A super-frame with all headers: 64 KiB of IP, Ethernet, a VLAN tag, virtio-net; whole pages. */
const LARGE_BYTES = 17 * 4096;
const LARGE_SLOTS = 8_192;
/** Any frame of a link with the usual MTU. */
const SMALL_BYTES = 2_048;
const SMALL_SLOTS = 262_144;
const SLOTS = LARGE_SLOTS + SMALL_SLOTS;
const SMALL_BASE = LARGE_SLOTS * LARGE_BYTES;
const LARGE_LENGTH = BigInt(LARGE_BYTES);
/** The most that is on its way in one direction: 40 ms at 25 Gbit/s. */
const IN_FLIGHT_BYTES = 128 * 2 ** 20;
/** Frames that are read from one link before the other links have their turn. */
const BATCH = 64;
/** More frames than a TAP holds. */
const MAX_WAITING = 8_192;
/** Frames that are read between two checks for frames that are due. */
const SEND_EVERY = 8;
const NONE = -1;

/** One direction of a link. */
class Direction {
  readonly id: number;
  readonly tap: number;
  readonly sender: number;
  readonly shaper: Shaper;
  /** The queue of frames that keep their order: the first, which is in the agenda, and the last. */
  head = NONE;
  tail = NONE;
  inFlight = 0;
  /** Whether the node is gone: nothing is read any more. */
  deaf = false;

  constructor(id: number, tap: number, sender: number, seed: number) {
    this.id = id;
    this.tap = tap;
    this.sender = sender;
    this.shaper = new Shaper(seed);
  }
}

/**
 * Forwards the frames of all impaired links of a lab, on the thread that calls `run`: reads each frame
 * from the TAP that it was redirected to, holds it for as long as the shaper says, and sends it by the
 * link that it was meant for. Allocates nothing for a frame.
 */
export class FrameLoop extends DescriptorLoop<Command> {
  #control: Control;
  #symbols = fast();
  #arena = new Arena(SMALL_BASE + SMALL_SLOTS * SMALL_BYTES);
  #bytes = this.#arena.bytes;
  #large = new Slots(0, LARGE_SLOTS);
  #small = new Slots(LARGE_SLOTS, SMALL_SLOTS);
  #pointers: Deno.PointerObject[] = [];
  /** The large slot that the next frame is read into. */
  #landing: number;
  #agenda = new Agenda(SLOTS);
  #directions: (Direction | undefined)[] = new Array(DIRECTIONS).fill(undefined);
  /** The shared rates, by their IDs. */
  #shared: RateClock[] = [];
  // For the frame in each slot: its length, the ID of its direction, when it is due, the frame behind
  // it in the queue, and whether it is in the queue.
  #length = new Int32Array(SLOTS);
  #owner = new Int32Array(SLOTS);
  #time = new Float64Array(SLOTS);
  #next = new Int32Array(SLOTS);
  #queued = new Uint8Array(SLOTS);

  constructor(control: Control, wake: number) {
    super(control, wake, Command.Stop);
    this.#control = control;
    this.#landing = this.#large.take();
  }

  protected idleNs(): number {
    return this.#agenda.next - this.poller.now();
  }

  protected endTurn(): void {
    this.#sendDue();
  }

  protected close(): void {
    this.#arena.close();
  }

  // Commands.

  protected execute(command: Command, id: number): void {
    if (command === Command.Add) return this.#add(id);
    if (command === Command.Share) return this.#shared[id]?.set(this.#control.sharedRate(id));
    const direction = this.#directions[id];
    if (!direction) return;
    if (command === Command.Change) this.#change(direction);
    if (command === Command.Drop || command === Command.Discard) this.#drop(direction);
    if (command === Command.Remove) this.#flush(direction);
    if (command === Command.Remove || command === Command.Discard) this.#remove(direction);
  }

  #add(id: number): void {
    const { tap, sender } = this.#control.fds(id);
    const direction = new Direction(id, tap, sender, this.#control.seed(id));
    this.#directions[id] = direction;
    this.#change(direction);
    this.poller.add(tap, id);
  }

  #change(direction: Direction): void {
    this.#dissolveQueue(direction);
    const sharedId = this.#control.shared(direction.id);
    const shared = sharedId < 0 ? undefined : this.#shared[sharedId] ??= new RateClock();
    shared?.set(this.#control.sharedRate(sharedId));
    direction.shaper.set(this.#control.limits(direction.id), shared);
  }

  /** Puts each queued frame on the agenda: it leaves at its own time, whatever comes after it. */
  #dissolveQueue(direction: Direction): void {
    for (let slot = direction.head; slot !== NONE; slot = this.#next[slot]) {
      this.#queued[slot] = 0;
      if (slot !== direction.head) this.#agenda.push(this.#time[slot], slot);
    }
    direction.head = NONE;
    direction.tail = NONE;
  }

  #drop(direction: Direction): void {
    // The limit is for a node that sends all the time: this must end.
    for (let n = 0; n < MAX_WAITING && !direction.deaf; n++) {
      const length = this.#read(direction);
      if (length <= 0) break;
      this.#control.arrived(direction.id, length - VNET_HEADER_BYTES);
      this.#control.dropped(direction.id);
    }
    for (const slot of this.#takeHeld(direction)) {
      this.#control.dropped(direction.id);
      this.#free(slot);
    }
  }

  #flush(direction: Direction): void {
    while (!direction.deaf && this.#drain(direction) === BATCH);
    const now = this.poller.now();
    for (const slot of this.#takeHeld(direction)) {
      this.#send(direction, slot, now, now);
      this.#free(slot);
    }
  }

  /** Takes all frames of one direction off the agenda, in the order in which they are due. */
  #takeHeld(direction: Direction): number[] {
    if (direction.inFlight === 0) return [];
    this.#dissolveQueue(direction);
    direction.inFlight = 0;
    return this.#agenda.takeOut((slot) => this.#owner[slot] === direction.id);
  }

  #remove(direction: Direction): void {
    if (!direction.deaf) this.poller.remove(direction.tap);
    this.#directions[direction.id] = undefined;
  }

  // Frames.

  protected serve(id: number, failed: boolean): void {
    const direction = this.#directions[id];
    if (!direction) return;
    if (failed) {
      // Its node is gone. The poller would report it all the time, until the lab removes it.
      direction.deaf = true;
      this.poller.remove(direction.tap);
    } else this.#drain(direction);
    this.#sendDue();
  }

  /** Reads up to {@link BATCH} frames; returns how many there were. */
  #drain(direction: Direction): number {
    let n = 0;
    while (n < BATCH) {
      const length = this.#read(direction);
      if (length <= 0) break;
      n++;
      this.#admit(direction, length);
      if (n % SEND_EVERY === 0) this.#sendDue();
    }
    return n;
  }

  /** Reads a frame into the landing slot; returns its length, or 0 or less if there is none. */
  #read(direction: Direction): number {
    return this.#symbols.read(direction.tap, this.#pointer(this.#landing), LARGE_LENGTH);
  }

  /** Decides the fate of the frame in the landing slot. */
  #admit(direction: Direction, length: number): void {
    const control = this.#control;
    const { id, shaper } = direction;
    const now = this.poller.now();
    const bytes = length - VNET_HEADER_BYTES;
    control.arrived(id, bytes);
    const frame = this.#landing * LARGE_BYTES + VNET_HEADER_BYTES;
    const isControlFrame = shaper.perPacket && isControl(this.#bytes, frame);
    const fate = shaper.admit(now, bytes, isControlFrame);
    if (fate === LOST) return control.lost(id);
    if (fate === FULL) return control.dropped(id);

    const twice = fate === SENT_TWICE;
    // The frame stays in the landing slot until its copy is made.
    this.#forward(direction, length, now, shaper.leave, shaper.ahead, shaper.corrupt, twice);
    if (!twice) return;
    control.duplicated(id);
    const { copyLeave, copyAhead, copyCorrupt } = shaper;
    this.#forward(direction, length, now, copyLeave, copyAhead, copyCorrupt, false);
  }

  /** Sends the frame in the landing slot if it is due and no other precedes it; else schedules it. */
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
    else this.#schedule(direction, length, time, ahead, chance, copy);
  }

  /** Puts the frame in the landing slot, or a copy of it, on the agenda. */
  #schedule(
    direction: Direction,
    length: number,
    time: number,
    ahead: boolean,
    chance: number,
    copy: boolean,
  ): void {
    const control = this.#control;
    const slot = this.#store(direction, length, copy);
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
      this.#queued[slot] = 0;
      return this.#agenda.push(time, slot);
    }
    this.#queued[slot] = 1;
    this.#next[slot] = NONE;
    if (direction.tail === NONE) {
      direction.head = slot;
      this.#agenda.push(time, slot);
    } else {
      this.#next[direction.tail] = slot;
    }
    direction.tail = slot;
  }

  /**
   * Moves the frame out of the landing slot: copies it, or makes another slot the landing slot.
   * Returns the slot of the frame; {@link NONE} if there is no room.
   */
  #store(direction: Direction, length: number, copy: boolean): number {
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
    let now = this.poller.now();
    while (agenda.next <= now) {
      const slot = agenda.pop();
      // A direction is removed only when none of its frames is held.
      const direction = this.#directions[this.#owner[slot]]!;
      if (this.#queued[slot]) {
        const next = this.#next[slot];
        direction.head = next;
        if (next === NONE) direction.tail = NONE;
        else agenda.push(this.#time[next], next);
      }
      direction.inFlight -= this.#length[slot];
      this.#send(direction, slot, this.#time[slot], now);
      this.#free(slot);
      now = this.poller.now();
    }
  }

  #send(
    direction: Direction,
    slot: number,
    due: number,
    now: number,
    length = this.#length[slot],
  ): void {
    if (this.#arena.write(direction.sender, this.#offset(slot), length) < 0) {
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

  /** The address of a large slot. */
  #pointer(slot: number): Deno.PointerObject {
    return this.#pointers[slot] ??= this.#arena.pointer(slot * LARGE_BYTES);
  }
}
