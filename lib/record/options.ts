import { z } from "zod";
import type { Schema } from "../options/schema.ts";
import { nearest } from "../options/nearest.ts";
import { RecordError } from "./errors.ts";

/**
 * What a lab records besides its events and logs: nothing, counters and the load of the host, or that
 * and every packet.
 */
export type RecordLevel = "off" | "events" | "full";

/** How much the captures of a recording may keep. When a limit is reached, the newest packets stay. */
export interface CaptureLimits {
  /** The size of the capture of one interface, in bytes. Default 16 MiB. */
  interfaceBytes?: number;
  /** The size of all captures of the lab, in bytes. Default 256 MiB. */
  totalBytes?: number;
  /** How many bytes of each packet are kept, from the link header on. Default: all. */
  snapLength?: number;
}

/** What a lab records, in detail. */
export interface RecordSettings {
  /** Whether packets are captured, and how many are kept. Default false. */
  captures?: boolean | CaptureLimits;
  /** The interval of the counters, in milliseconds. Default 1000. */
  countersMs?: number;
  /**
   * Whether the TLS secrets of the programs in nodes are kept (`SSLKEYLOGFILE`), with which Wireshark
   * decrypts the captures. Default: as `captures`.
   */
  secrets?: boolean;
}

/** What a lab records: a level, or details. */
export type RecordOptions = RecordLevel | RecordSettings;

/** What is recorded, with all defaults. */
export interface ResolvedRecord {
  level: RecordLevel;
  countersMs: number;
  captures: Required<CaptureLimits> | null;
  secrets: boolean;
}

/** The environment variable that counts where the option is absent. */
export const RECORD_VARIABLE = "NETYARD_RECORD";

/** What tests may ask for besides the levels: to keep the record of those that fail, alone. */
export const ON_FAILURE = "on-failure" as const;

const LEVELS: readonly RecordLevel[] = ["off", "events", "full"];
const MIB = 2 ** 20;
/** A super-frame of 64 KiB with Ethernet and VLAN headers, and a little more. */
export const MAX_SNAP_BYTES = 65_664;
/** Below this, a file has no room for one large packet in each of its halves. */
const LEAST_FILE_BYTES = 262_144;

const CAPTURE_DEFAULTS: Required<CaptureLimits> = {
  interfaceBytes: 16 * MIB,
  totalBytes: 256 * MIB,
  snapLength: MAX_SNAP_BYTES,
};

/**
 * What is recorded of something whose record is kept only if it fails: everything, with less of each link,
 * since it is packed and handed around.
 */
export const FAILURE_RECORD: RecordSettings = {
  captures: { interfaceBytes: 4 * MIB, totalBytes: 32 * MIB },
};

const captureLimits: Schema<CaptureLimits> = z.strictObject({
  interfaceBytes: z.int().min(LEAST_FILE_BYTES).max(2 ** 31).optional(),
  totalBytes: z.int().min(LEAST_FILE_BYTES).max(2 ** 40).optional(),
  snapLength: z.int().min(64).max(MAX_SNAP_BYTES).optional(),
}).meta({ title: "{ interfaceBytes, totalBytes, snapLength }" });

/** The schema of the option `record` of a lab. */
export const recordSchema: Schema<RecordOptions | typeof ON_FAILURE> = z.union([
  z.enum([...LEVELS, ON_FAILURE]),
  z.strictObject({
    captures: z.union([z.boolean(), captureLimits]).optional(),
    countersMs: z.int().min(50).max(3_600_000).optional(),
    secrets: z.boolean().optional(),
  }).meta({ title: "{ captures, countersMs, secrets }" }),
]);

/**
 * Decides what a lab records.
 *
 * @param requested The option of the lab.
 * @param environment The value of `NETYARD_RECORD`.
 * @param hasDirectory Whether the lab has a directory to write to.
 * @throws {RecordError} If there is no directory, or the variable has no such value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resolveRecord(undefined, undefined, true).level, "events");
 * assertEquals(resolveRecord(undefined, "full", true).captures?.totalBytes, 256 * 2 ** 20);
 * assertEquals(resolveRecord({ countersMs: 200 }, "full", true).captures, null);
 * ```
 */
export function resolveRecord(
  requested: RecordOptions | undefined,
  environment: string | undefined,
  hasDirectory: boolean,
): ResolvedRecord {
  const chosen = requested ?? fromEnvironment(environment) ?? (hasDirectory ? "events" : "off");
  if (chosen !== "off" && !hasDirectory) {
    const what = requested === undefined ? RECORD_VARIABLE : "record";
    const shown = typeof chosen === "string" ? JSON.stringify(chosen) : "{ ... }";
    throw new RecordError(
      `${what} is ${shown}, but the lab has no directory to record to: give Lab.create() an outDir, ` +
        "or set NETYARD_OUTDIR",
    );
  }
  if (typeof chosen === "string") return ofLevel(chosen);
  const { captures = false, countersMs, secrets } = chosen;
  const base = ofLevel(captures === false ? "events" : "full");
  return {
    level: base.level,
    countersMs: countersMs ?? base.countersMs,
    captures: typeof captures === "object" ? { ...CAPTURE_DEFAULTS, ...captures } : base.captures,
    secrets: secrets ?? base.secrets,
  };
}

function ofLevel(level: RecordLevel): ResolvedRecord {
  const full = level === "full";
  return { level, countersMs: 1000, captures: full ? CAPTURE_DEFAULTS : null, secrets: full };
}

function fromEnvironment(value: string | undefined): RecordLevel | undefined {
  if (!value || value === ON_FAILURE) return undefined; // The latter is for tests.
  const level = LEVELS.find((level) => level === value);
  if (level) return level;
  const meant = nearest(value, LEVELS);
  throw new RecordError(
    `${RECORD_VARIABLE} is ${JSON.stringify(value)}, but must be one of ${LEVELS.join(", ")}` +
      (meant ? `; did you mean "${meant}"?` : ""),
  );
}
