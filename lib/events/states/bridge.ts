import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import type { Fields } from "../schema_parts.ts";
import defer * as part from "../schema_parts.ts";

/** The impairments of a bridge, or of one direction between two members; 0 for none. */
export interface BridgeImpairmentState {
  /** One-way delay, in milliseconds. */
  latencyMs: number;
  /** Lost frames, in percent. */
  dropRatePct: number;
  /** The bit rate, in bits per second; 0 for unlimited. */
  bandwidthBps: number;
}

/** The impairments from one member of a bridge to another. */
export interface BridgeWayState extends BridgeImpairmentState {
  /** The member that sends. */
  from: string;
  /** The member that receives. */
  to: string;
}

/** The impairments of a bridge as a whole, and of single directions between its members. */
export interface BridgeImpairmentsState extends BridgeImpairmentState {
  /** The directions that have impairments of their own. */
  oneWay: BridgeWayState[];
}

/** The partitions of a bridge, by the names of its members. */
export interface BridgePartitionsState {
  /** Pairs partitioned in both directions. */
  pairs: { a: string; b: string }[];
  /** Pairs partitioned in one direction. */
  oneWay: { from: string; to: string }[];
  /** Whether every member is partitioned from every other. */
  all: boolean;
  /** Members partitioned from all others. */
  isolated: string[];
}

/** The rules of a bridge, or of a router's LAN, as plain JSON data; a rule that is not set is absent. */
export interface BridgeRulesState {
  /** Its partitions. */
  partitions?: BridgePartitionsState;
  /** Its impairments. */
  impairments?: BridgeImpairmentsState;
  /** The bridges that it is routed to, in the order of the requests. */
  routes?: string[];
  /** The members whose cable is unplugged. */
  disconnected?: string[];
  /** Its uplink to the host's networks; absent without one. */
  uplink?: BridgeUplinkState;
}

/** The address families of a bridge's uplink. */
export interface BridgeUplinkState {
  /** Whether it carries IPv4. */
  ipv4: boolean;
  /** Whether it carries IPv6. */
  ipv6: boolean;
}

/** A bridge that is no router's LAN, as plain JSON data. Its members are those whose gateway it is. */
export interface BridgeState {
  /** Unique in the lab, among routers and devices too. */
  name: string;
  /** The IPv4 block of its members, such as `10.0.1.0/24`. */
  cidr: string;
  /** The IPv4 address of its gateway. */
  gateway: string;
  /** The IPv6 block of its members. */
  cidr6: string;
  /** The IPv6 address of its gateway. */
  gateway6: string;
  /** Its rules. */
  rules?: BridgeRulesState;
}

const impairmentFields = lazy((): Fields<BridgeImpairmentState> => ({
  latencyMs: z.number(),
  dropRatePct: z.number(),
  bandwidthBps: z.number(),
}));

/** The schema of {@linkcode BridgeImpairmentsState}. */
export const impairmentsSchema = lazy(() =>
  part.object<BridgeImpairmentsState>({
    ...impairmentFields(),
    oneWay: z.array(
      part.object<BridgeWayState>({ ...impairmentFields(), from: part.text, to: part.text }),
    ),
  })
);

/** The schema of {@linkcode BridgePartitionsState}. */
export const partitionsSchema = lazy(() =>
  part.object<BridgePartitionsState>({
    pairs: z.array(z.strictObject({ a: part.text, b: part.text })),
    oneWay: z.array(z.strictObject({ from: part.text, to: part.text })),
    all: part.flag,
    isolated: z.array(part.text),
  })
);

/** The schemas of the fields of {@linkcode BridgeUplinkState}. */
export const uplinkFields = lazy((): Fields<BridgeUplinkState> => ({
  ipv4: part.flag,
  ipv6: part.flag,
}));

/** The schema of {@linkcode BridgeRulesState}. */
export const bridgeRulesSchema = lazy(() =>
  part.object<BridgeRulesState>({
    partitions: partitionsSchema().optional(),
    impairments: impairmentsSchema().optional(),
    routes: z.array(part.text).optional(),
    disconnected: z.array(part.text).optional(),
    uplink: part.object<BridgeUplinkState>(uplinkFields()).optional(),
  })
);

/** The schema of {@linkcode BridgeState}. */
export const bridgeSchema = lazy(() =>
  part.object<BridgeState>({
    name: part.text,
    cidr: part.text,
    gateway: part.text,
    cidr6: part.text,
    gateway6: part.text,
    rules: bridgeRulesSchema().optional(),
  })
);
