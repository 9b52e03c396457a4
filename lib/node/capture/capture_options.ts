import { z } from "zod";
import type { Schema } from "../../options/schema.ts";

/** How packets are captured. */
export interface CaptureOptions {
  /** Which packets, as pcap-filter(7) has it, for example `udp port 53`. Default: all. */
  filter?: string;
  /**
   * How many bytes of each packet are kept, from the link header on. Default 65400: all, save for the
   * very largest that `lo` carries.
   */
  snapLength?: number;
  /** Only packets that the node receives (`in`) or sends (`out`). Default: both. */
  direction?: "in" | "out";
  /**
   * How many packets the kernel holds until tcpdump takes them, as bursts need it. Default 2048. The
   * kernel takes this times `snapLength` of memory.
   */
  bufferPackets?: number;
  /**
   * How many bytes are kept in all. A capture that reaches them ends, and says so in an error.
   * Default 268435456 (256 MiB).
   */
  maxBytes?: number;
}

/** How long a capture waits for a packet. */
export interface ExpectOptions {
  /** How long to wait, in milliseconds; 0 for packets until now. Default 5000. */
  timeoutMs?: number;
  /** What is waited for, for the error message. Default: "a packet". */
  what?: string;
}

/** The largest of which the kernel's slot for a packet is not above 64 KiB. */
const SNAP_LENGTH = 65_400;
const MAX_SNAP_LENGTH = 262_144;
const BUFFER_PACKETS = 2048;
const MAX_BYTES = 256 * 1024 * 1024;

/** Resolved {@link CaptureOptions}. */
export type Captured =
  & Required<Omit<CaptureOptions, "filter" | "direction">>
  & Pick<CaptureOptions, "filter" | "direction">;

/** What {@link CaptureOptions} must be. */
export const captureOptionsSchema: Schema<Captured, CaptureOptions> = z.strictObject({
  filter: z.string().optional(),
  snapLength: z.int().min(1).max(MAX_SNAP_LENGTH).default(SNAP_LENGTH),
  direction: z.enum(["in", "out"]).optional(),
  bufferPackets: z.int().min(1).max(1_000_000).default(BUFFER_PACKETS),
  maxBytes: z.int().min(1).default(MAX_BYTES),
});

/** setTimeout() takes no more. */
const MAX_MS = 2 ** 31 - 1;

/** What {@link ExpectOptions} must be. */
export const expectOptionsSchema: Schema<Required<ExpectOptions>, ExpectOptions> = z
  .strictObject({
    timeoutMs: z.number().min(0).max(MAX_MS).default(5000),
    what: z.string().default("a packet"),
  });

/** How long a drain may last, in milliseconds. */
export const drainSchema: Schema<number> = z.number().min(0).max(MAX_MS);
