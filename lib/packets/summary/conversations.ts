/** One direction of a TCP connection. */
export interface TcpSide {
  /** What its numbers count from. */
  base: number;
  /** The shift of its windows, or -1 if its SYN was not seen or had none. */
  shift: number;
}

/** As many directions are known; the oldest are forgotten. */
const MOST = 65_536;

/**
 * The TCP connections that summaries have seen: by them, numbers are relative to the start of the
 * connection, and windows are scaled. Give frames in the order of time, and use one of these for a
 * list of frames.
 */
export class Conversations {
  #sides = new Map<string, TcpSide>();

  /** The direction of a key; undefined if it was not seen. */
  side(key: string): TcpSide | undefined {
    return this.#sides.get(key);
  }

  /** Notes where a direction begins. */
  begin(key: string, base: number, shift: number): TcpSide {
    const side = { base, shift };
    this.#sides.delete(key);
    this.#sides.set(key, side);
    if (this.#sides.size > MOST) this.#sides.delete(this.#sides.keys().next().value!);
    return side;
  }
}
