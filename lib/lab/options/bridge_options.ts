import { z } from "zod";
import { milliseconds, percent } from "../../link/units.ts";
import type { Schema } from "../../options/schema.ts";

/** The arguments of the methods of a bridge. */

/** The handle of a node of the same lab, or anything else that has the name of one. */
export interface MemberReference {
  /** The name of the node. */
  readonly name: string;
}

/** A member of a bridge: a node of the lab, by handle or name. */
export type Member = MemberReference | string;

/** The direction from one member of a bridge to another. */
export interface MemberPair {
  /** The member that sends. */
  from: Member;
  /** The member that receives. */
  to: Member;
}

/** The delay from one member to another. */
export interface DirectionalLatency extends MemberPair {
  /** One-way delay, in milliseconds; 0 for none. */
  ms: number;
}

/** The loss from one member to another. */
export interface DirectionalDropRate extends MemberPair {
  /** Frames that are lost, in percent; 0 for none. */
  pct: number;
}

/** The bit rate from one member to another. */
export interface DirectionalBandwidth extends MemberPair {
  /** Bits per second; 0 for unlimited. */
  bps: number;
}

/** A member, by handle or name; the lab looks it up later. */
export const memberSchema: Schema<Member> = z.custom<Member>(
  (value) =>
    typeof value === "string" ||
    (typeof value === "object" && value !== null && "name" in value &&
      typeof value.name === "string"),
  "must be a node of the lab, or the name of one",
);

const pair = { from: memberSchema, to: memberSchema };

/** 0 for unlimited, up to 100 Gbit/s; below 1 kbit/s a full frame would take more than 12 s. */
export const bitsPerSecond: Schema<number> = z.union([
  z.literal(0),
  z.number().min(1_000).max(100_000_000_000),
]);

export const pairSchema: Schema<MemberPair> = z.strictObject(pair).meta({ title: "MemberPair" });

export const latencySchema: Schema<number | DirectionalLatency> = z.union([
  milliseconds,
  z.strictObject({ ...pair, ms: milliseconds }).meta({ title: "DirectionalLatency" }),
]);

export const dropRateSchema: Schema<number | DirectionalDropRate> = z.union([
  percent,
  z.strictObject({ ...pair, pct: percent }).meta({ title: "DirectionalDropRate" }),
]);

export const bandwidthSchema: Schema<number | DirectionalBandwidth> = z.union([
  bitsPerSecond,
  z.strictObject({ ...pair, bps: bitsPerSecond }).meta({ title: "DirectionalBandwidth" }),
]);
