import { FrameReceiver } from "../../../native/frames/capture_socket.ts";
import { DescriptorLoop } from "../../loop/descriptor_loop.ts";
import { CaptureFile, Staging } from "./capture_file.ts";
import { Command, type Control, Ways } from "./control.ts";
import { completeRecord } from "./packet_record.ts";

/** Frames that are read from one socket before the others have their turn. */
const BATCH = 256;
/** How often packets are written, in nanoseconds. */
const FLUSH_NS = 200e6;

interface Socket {
  fd: number;
  ways: Ways;
  file: CaptureFile;
}

/** The loop of the thread that reads all capture sockets and writes the files. */
export class CaptureLoop extends DescriptorLoop<Command> {
  #control: Control;
  #sockets: (Socket | undefined)[] = [];
  #files = new Map<string, CaptureFile>();
  #receiver = new FrameReceiver();
  /** Files with packets that are not written. */
  #dirty = new Set<CaptureFile>();
  #spare: Staging[] = [];
  #flushAt = 0;
  #interfaceBytes: number;
  #totalBytes: number;
  #snapLength: number;
  #pauseMs: number;
  #pauser = new Int32Array(new SharedArrayBuffer(4));
  #read = 0;
  #failed = false;

  /** As for {@link DescriptorLoop}. */
  constructor(control: Control, wake: number) {
    super(control, wake, Command.Stop);
    this.#control = control;
    const { interfaceBytes, totalBytes, snapLength, pauseMs } = control.settings;
    this.#interfaceBytes = interfaceBytes;
    this.#totalBytes = totalBytes;
    this.#snapLength = snapLength;
    this.#pauseMs = pauseMs;
  }

  protected execute(command: Command, socket: number): void {
    if (command === Command.Add) return this.#add(socket);
    const one = this.#sockets[socket];
    if (!one) return;
    if (command === Command.Change) {
      one.ways = this.#control.ways(socket);
      return;
    }
    this.poller.remove(one.fd);
    this.#drain(one);
    this.#sockets[socket] = undefined;
  }

  #add(socket: number): void {
    const { path, name } = this.#control.target(socket);
    let file = this.#files.get(path);
    if (!file) this.#files.set(path, file = new CaptureFile(path, name));
    const fd = this.#control.fd(socket);
    this.#sockets[socket] = { fd, ways: this.#control.ways(socket), file };
    this.poller.add(fd, socket);
  }

  protected serve(token: number): void {
    const socket = this.#sockets[token];
    if (socket) this.#read += this.#take(socket, BATCH);
  }

  protected idleNs(): number {
    return this.#dirty.size > 0 ? this.#flushAt - this.poller.now() : Infinity;
  }

  protected endTurn(): void {
    if (this.#dirty.size > 0 && this.poller.now() >= this.#flushAt) this.#flushAll();
    // Frames wait meanwhile, with the kernel's time on them: one turn then reads many.
    if (this.#read > 0 && this.#pauseMs > 0) Atomics.wait(this.#pauser, 0, 0, this.#pauseMs);
    this.#read = 0;
  }

  protected close(): void {
    for (const socket of this.#sockets) if (socket) this.#drain(socket);
    this.#flushAll();
  }

  #drain(socket: Socket): void {
    // The first call may only learn that the link went down.
    this.#take(socket, BATCH);
    while (this.#take(socket, BATCH) === BATCH);
  }

  /** Reads at most `most` frames of a socket; returns how many there were. */
  #take({ fd, ways, file }: Socket, most: number): number {
    const receiver = this.#receiver;
    const snap = this.#snapLength;
    const half = this.#halfBytes;
    for (let n = 0; n < most; n++) {
      let staging = file.staging ??= this.#spare.pop() ?? new Staging();
      if (!staging.hasRoom(snap, half)) {
        this.#flush(file);
        staging = file.staging ??= this.#spare.pop() ?? new Staging();
      }
      const low = staging.low + staging.at;
      const carry = low >= 2 ** 32 ? 1 : 0;
      const length = receiver.receive(fd, low - carry * 2 ** 32, staging.high + carry, snap);
      if (length < 0) return n;
      const { isOutgoing } = receiver;
      // Where those that leave are not wanted, the kernel skips them; these are from before.
      if (!isOutgoing && (ways & Ways.In) === 0) continue;
      if (staging.used === 0) this.#touch(file);
      staging.used += completeRecord(
        staging.words,
        staging.used,
        Math.min(length, snap),
        length,
        isOutgoing,
        receiver.seconds,
        receiver.nanos,
      );
    }
    return most;
  }

  #touch(file: CaptureFile): void {
    if (this.#dirty.size === 0) this.#flushAt = this.poller.now() + FLUSH_NS;
    this.#dirty.add(file);
  }

  #flushAll(): void {
    for (const file of [...this.#dirty]) this.#flush(file);
  }

  #flush(file: CaptureFile): void {
    this.#dirty.delete(file);
    const { staging } = file;
    if (!staging) return;
    try {
      if (this.#failed) staging.used = 0;
      file.flush(this.#halfBytes);
      this.#limit();
    } catch (error) {
      // Captures end here: a full disk would only give half packets.
      this.#failed = true;
      this.#control.failure = `${file.path}: ${(error as Error).message}`;
    }
    staging.used = 0;
    file.staging = undefined;
    this.#spare.push(staging);
  }

  /** Keeps all files together below their limit: the largest gives up its oldest packets. */
  #limit(): void {
    let total = 0;
    for (const { size } of this.#files.values()) total += size;
    while (total > this.#totalBytes) {
      let largest: CaptureFile | undefined;
      for (const file of this.#files.values()) {
        const over = file.olderSize - (largest?.olderSize ?? 0);
        if (!largest || over > 0 || (over === 0 && file.size > largest.size)) largest = file;
      }
      if (!largest || largest.size === 0) return;
      total -= largest.shrink();
    }
  }

  /** The half of what a file may have. */
  get #halfBytes(): number {
    const share = Math.min(this.#interfaceBytes, this.#totalBytes / Math.max(1, this.#files.size));
    return Math.max(Math.floor(share / 2), this.#snapLength);
  }
}
