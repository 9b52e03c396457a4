/**
 * The captures of a recorded lab: sockets on all interfaces, one thread that reads them and writes pcapng
 * files (`capture_loop.ts`, `capture_file.ts`), and the end of the files (`finish.ts`). Imports `loop`,
 * `packets` and `native`. Begin here, on the lab's side.
 *
 * @module
 */
import { NetyardError } from "../../../native/error.ts";
import { closeLater } from "../../../native/fast.ts";
import {
  canHoldMany,
  openCaptureSocket,
  skipOutgoing,
  takeDrops,
} from "../../../native/frames/capture_socket.ts";
import type { Namespace } from "../../../native/namespace.ts";
import { type LoopItem, LoopSession } from "../../loop/session.ts";
import type { CaptureLimits } from "../options.ts";
import { Command, Control, SOCKETS, type Target, Ways } from "./control.ts";
import { capturePaths } from "./capture_file.ts";
import { finishCapture } from "./finish.ts";

/** What a socket holds until the thread reads it. */
const BUFFER_BYTES = 4 * 2 ** 20;
/** At 10 Gbit/s, 4 MB come in 3 ms. */
const PAUSE_MS = 3;
/** For so long the sockets alone keep the packets: most labs of tests have ended by then, without a thread. */
const EARLY_MS = 300;

/** The captures of a lab have failed, or are incomplete. */
class CapturesError extends NetyardError {}

/** An interface that is captured, in one place. */
export interface CapturePoint {
  /** The index of the link in its namespace. */
  index: number;
  /** Which of its frames are kept. */
  ways: Ways;
  /** The node and the interface: both name the file, `<node>-<interface>.pcapng`. */
  node: string;
  interface: string;
}

/** A file, and how many packets are missing in it. */
interface File extends Target {
  dropped: number;
}

/**
 * The captures of a lab. Nothing throws into the lab: the first error is the result of
 * {@linkcode Captures.close}.
 */
export class Captures {
  #directory: string;
  #limits: Required<CaptureLimits>;
  #holdsMany: boolean;
  /** Its memory is made with the thread. */
  #control: Control | undefined;
  /** The thread, once it is needed. */
  #session: LoopSession<Command, CaptureSocket, CapturesError> | undefined;
  /** The sockets of a time before it. */
  #early = new Set<CaptureSocket>();
  #threadAt: number;
  /** The sockets of each namespace, by the index of their link. */
  #sockets = new Map<Namespace, Map<number, CaptureSocket>>();
  /** By the names of node and interface. */
  #files = new Map<string, File>();
  #closing = new Set<Promise<void>>();
  #error: Error | undefined;

  /** `directory` is that of the captures, which is created. */
  constructor(directory: string, limits: Required<CaptureLimits>) {
    this.#directory = directory;
    Deno.mkdirSync(directory, { recursive: true });
    // Where few frames fit, each must be read at once.
    this.#holdsMany = canHoldMany(BUFFER_BYTES);
    this.#limits = limits;
    this.#threadAt = performance.now() + (this.#holdsMany ? EARLY_MS : 0);
  }

  /** Starts the thread when it is time. To be called every now and then. */
  tick(): void {
    if (!this.#session && this.#early.size > 0 && performance.now() >= this.#threadAt) {
      this.#begin();
    }
  }

  #begin(): LoopSession<Command, CaptureSocket, CapturesError> {
    if (this.#session) return this.#session;
    const session = this.#session = this.#start();
    for (const socket of this.#early) this.#hand(session, socket);
    this.#early.clear();
    return session;
  }

  #start(): LoopSession<Command, CaptureSocket, CapturesError> {
    const control = this.#control = new Control();
    control.settings = { ...this.#limits, pauseMs: this.#holdsMany ? PAUSE_MS : 0 };
    return new LoopSession({
      what: "the captures",
      error: CapturesError,
      program: {
        name: "netyard-captures",
        module: new URL("./worker.ts", import.meta.url),
        entry: "record",
      },
      ring: control,
      stop: Command.Stop,
      capacity: SOCKETS,
      exhausted: `a lab can have captures of ${SOCKETS} interfaces`,
      cleanUp: () => "they end here",
      onFailure: (error) => this.#error ??= error,
    });
  }

  /** Makes the captures of a namespace those of the given points; without any, ends them. */
  follow(namespace: Namespace, points: readonly CapturePoint[]): void {
    const sockets = this.#sockets.get(namespace) ?? new Map<number, CaptureSocket>();
    const wanted = new Map(points.map((point) => [point.index, point]));
    for (const [index, socket] of sockets) {
      const point = wanted.get(index);
      if (point && this.#fileOf(point) === socket.file) continue;
      sockets.delete(index);
      this.#begin().remove(socket, Command.Remove);
    }
    for (const [index, point] of wanted) {
      const socket = sockets.get(index);
      if (!socket) this.#open(namespace, point, sockets);
      else if (socket.ways !== point.ways) this.#change(socket, point.ways);
    }
    if (sockets.size > 0) this.#sockets.set(namespace, sockets);
    else this.#sockets.delete(namespace);
  }

  /** Ends the captures in namespaces that are not among the given ones. */
  retain(namespaces: ReadonlySet<Namespace>): void {
    for (const namespace of [...this.#sockets.keys()]) {
      if (!namespaces.has(namespace)) this.follow(namespace, []);
    }
  }

  /**
   * Ends the captures with all packets so far, and completes the files with the TLS secrets of
   * `keys.log`; or, if they are not to be kept, removes them. Returns the first error.
   */
  async close(isKept = true): Promise<Error | undefined> {
    if (isKept && this.#early.size > 0) this.#begin();
    for (const socket of this.#early) socket.release();
    this.#early.clear();
    await this.#session?.close();
    await Promise.all(this.#closing);
    if (!isKept) return await this.#remove();
    const failure = this.#control?.failure;
    if (failure) this.#error ??= new CapturesError(`a capture is incomplete: ${failure}`);
    for (const file of this.#files.values()) {
      try {
        await finishCapture(file, `${this.#directory}/keys.log`, file.dropped);
      } catch (error) {
        this.#error ??= error as Error;
      }
    }
    return this.#error;
  }

  async #remove(): Promise<Error | undefined> {
    const files = [...this.#files.values()].flatMap(capturePaths);
    for (const path of [...files, `${this.#directory}/keys.log`, this.#directory]) {
      await Deno.remove(path).catch((error) => {
        // Others may keep theirs in the directory, too.
        const isLeft = error instanceof Deno.errors.NotFound || path === this.#directory;
        if (!isLeft) this.#error ??= error;
      });
    }
    return this.#error;
  }

  #open(
    namespace: Namespace,
    point: CapturePoint,
    sockets: Map<number, CaptureSocket>,
  ): void {
    const { index, ways } = point;
    const file = this.#fileOf(point);
    try {
      const fd = namespace.enter(() => openCaptureSocket(index, BUFFER_BYTES));
      skipOutgoing(fd, (ways & Ways.Out) === 0);
      try {
        const socket = new CaptureSocket(fd, ways, file, (socket) => this.#release(socket));
        if (this.#session) this.#hand(this.#session, socket);
        else this.#early.add(socket);
        this.tick();
        sockets.set(index, socket);
      } catch (error) {
        this.#closeFd(fd);
        throw error;
      }
    } catch (error) {
      // The link may be gone by now, with its node.
      if (!isGone(error)) this.#error ??= error as Error;
    }
  }

  /** Gives a socket to the thread. */
  #hand(session: LoopSession<Command, CaptureSocket, CapturesError>, socket: CaptureSocket): void {
    session.add(`capture of ${socket.file.name}`, Command.Add, (id) => {
      socket.id = id;
      this.#control!.describe(id, socket.fd, socket.ways, socket.file);
      return socket;
    });
  }

  #change(socket: CaptureSocket, ways: Ways): void {
    socket.ways = ways;
    skipOutgoing(socket.fd, (ways & Ways.Out) === 0);
    if (!this.#session) return;
    this.#control!.setWays(socket.id, ways);
    this.#session.post(Command.Change, socket.id);
  }

  #release({ fd, file }: CaptureSocket): void {
    file.dropped += takeDrops(fd);
    this.#closeFd(fd);
  }

  #closeFd(fd: number): void {
    const closing = closeLater(fd).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #fileOf({ node, interface: name }: CapturePoint): File {
    const key = `${node} ${name}`;
    let file = this.#files.get(key);
    if (!file) {
      // Names of interfaces may have any characters, and two may then be alike.
      const base = `${this.#directory}/${`${node}-${name}`.replace(/[^\w.-]/g, "_")}`;
      const taken = new Set([...this.#files.values()].map(({ path }) => path));
      let path = base;
      for (let n = 2; taken.has(path); n++) path = `${base}-${n}`;
      this.#files.set(key, file = { path, name: key, dropped: 0 });
    }
    return file;
  }
}

const GONE = ["ENODEV", "ENXIO", "EBADF"];

function isGone(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return GONE.includes(code ?? "") || name === "NamespaceClosedError";
}

/** A socket of the thread, on the lab's side. */
class CaptureSocket implements LoopItem {
  /** Given by the thread's session. */
  id = -1;
  readonly fd: number;
  readonly file: File;
  ways: Ways;
  #released: (socket: CaptureSocket) => void;

  constructor(
    fd: number,
    ways: Ways,
    file: File,
    released: (socket: CaptureSocket) => void,
  ) {
    this.fd = fd;
    this.ways = ways;
    this.file = file;
    this.#released = released;
  }

  get label(): string {
    return this.file.name;
  }

  release(): void {
    this.#released(this);
  }
}
