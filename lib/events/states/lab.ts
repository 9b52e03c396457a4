/**
 * The state of a lab as plain JSON data, one file for each kind of node, each with its public types
 * and their schemas. Imports `../schema_parts.ts` and `../version.ts`. Begin here.
 *
 * @module
 */
import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import defer * as part from "../schema_parts.ts";
import { EVENT_VERSION } from "../version.ts";
import { bridgeSchema, type BridgeState } from "./bridge.ts";
import { deviceSchema, type DeviceState } from "./device.ts";
import {
  regionLinkSchema,
  type RegionLinkState,
  regionSchema,
  type RegionState,
} from "./region.ts";
import { routerSchema, type RouterState } from "./router.ts";
import { type VmMachineState, vmSchema } from "./vm.ts";

/** Names and their addresses, in the order in which they were added. */
export type DnsTable = Record<string, string[]>;

/** A lab after some of its events. */
export interface LabState {
  /** {@linkcode EVENT_VERSION} of the writer. */
  version: typeof EVENT_VERSION;
  /** The lab's label; empty before `lab-created`. */
  label: string;
  /** The seed of everything random in the lab, if one was given. */
  seed?: number;
  /** When the lab was created: ISO 8601, UTC; empty before `lab-created`. */
  startedAt: string;
  /** When the lab was closed. Absent while it is open, and after a crash. */
  closedAt?: string;
  /** The routers, by name. */
  routers: Record<string, RouterState>;
  /** The devices, by name. */
  devices: Record<string, DeviceState>;
  /** The virtual machines, by name; absent without any. */
  vms?: Record<string, VmMachineState>;
  /** The bridges that are no router's LAN, by name; absent without any. */
  bridges?: Record<string, BridgeState>;
  /** The regions, by name. */
  regions: Record<string, RegionState>;
  /** The links between regions, by the names of both in the order of the alphabet: `eu us`. */
  regionLinks: Record<string, RegionLinkState>;
  /** Names that resolve everywhere (`lab`), and in one node only (`nodes`, by node name). */
  dns: { lab: DnsTable; nodes: Record<string, DnsTable> };
  /** The name server of every node, if one was set. */
  nameserver?: string;
  /** The running programs and modules, by the ID of their `command-started` or `task-started`. */
  running: Record<string, { node: string; argv: string[] }>;
  /** The active faults, by ID, as JSON; absent without any. */
  faults?: Record<string, Record<string, unknown>>;
  /** `seq` of the last event; -1 before the first. */
  lastSeq: number;
}

/** The schema of {@linkcode LabState}. */
export const labStateSchema = lazy(() => {
  const dnsTable = z.record(part.text, z.array(part.text));
  return part.object<LabState>({
    version: z.literal(EVENT_VERSION),
    label: part.text,
    seed: z.number().optional(),
    startedAt: part.text,
    closedAt: part.text.optional(),
    routers: z.record(part.text, routerSchema()),
    devices: z.record(part.text, deviceSchema()),
    vms: z.record(part.text, vmSchema()).optional(),
    bridges: z.record(part.text, bridgeSchema()).optional(),
    regions: z.record(part.text, regionSchema()),
    regionLinks: z.record(part.text, regionLinkSchema()),
    dns: z.strictObject({ lab: dnsTable, nodes: z.record(part.text, dnsTable) }),
    nameserver: part.text.optional(),
    running: z.record(part.text, z.strictObject({ node: part.text, argv: z.array(part.text) })),
    faults: z.record(part.text, part.jsonObject).optional(),
    lastSeq: z.int().min(-1),
  });
});
