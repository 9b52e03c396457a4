/** An interface of a capture file. */
export interface CaptureInterface {
  /** Its place among the interfaces of the file, from 0. */
  readonly index: number;
  /** What its frames begin with: 1 for Ethernet, 276 for Linux SLL2. */
  readonly linkType: number;
  /** The most bytes that are kept of a frame; 0 for all. */
  readonly snapLength: number;
  /** Its name (`if_name`), for example `laptop eth0`; pcap files have none. */
  readonly name: string | undefined;
  /** What is said about it (`if_description`). */
  readonly description: string | undefined;
}

/** A frame of a capture file. */
export class Frame {
  /** The interface that saw it. */
  readonly interface: CaptureInterface;
  /** When it was seen: whole seconds since 1970. */
  readonly seconds: number;
  /** When it was seen: nanoseconds of that second. */
  readonly nanos: number;
  /** Its bytes on the wire, of which fewer may be captured. */
  readonly length: number;
  /** What was captured of it, from the link header on: a view of the bytes that were read. */
  readonly data: Uint8Array;
  /** Whether the interface received or sent it, where the file says so. */
  readonly direction: "in" | "out" | undefined;
  /** What the file says about this frame; control characters became `.`. */
  readonly comment: string | undefined;

  /** Made by the reader. */
  constructor(
    on: CaptureInterface,
    seconds: number,
    nanos: number,
    length: number,
    data: Uint8Array,
    direction?: "in" | "out",
    comment?: string,
  ) {
    this.interface = on;
    this.seconds = seconds;
    this.nanos = nanos;
    this.length = length;
    this.data = data;
    this.direction = direction;
    this.comment = comment;
  }

  /**
   * When it was seen, in milliseconds since 1970, with a fraction that is right to a quarter of a
   * microsecond.
   */
  get timeMs(): number {
    return this.seconds * 1000 + this.nanos / 1e6;
  }
}

/** Where and how a capture file is damaged. All frames before it were read. */
export interface CaptureFault {
  /** The offset in the file of the block or packet that is damaged. */
  readonly offset: number;
  /** What is wrong, for example `byte 184: a block of 3 bytes, where 12 is the least`. */
  readonly message: string;
}

/** Secrets of TLS connections that a file carries. */
export interface CaptureSecrets {
  /** What kind they are: 0x544c534b is a TLS key log. */
  readonly type: number;
  /** A key log in the format of NSS, if it is one. */
  readonly data: Uint8Array;
}

/** The type of {@link CaptureSecrets} that are a TLS key log. */
export const TLS_KEY_LOG = 0x544c534b;

/** The most that a frame can have, whatever its file says: as libpcap has it. */
export const MAX_FRAME_BYTES = 262_144;
