import type { RegionLink } from "../link/mod.ts";
import type { DeviceOptions, RouterOptions } from "./options.ts";
import type { VmOptions } from "./vm_options.ts";

/** A whole topology as plain data, which {@link Lab.fromConfig} builds; names stand for handles. */
export interface LabConfig {
  /** The regions by name, and how far they are apart. */
  regions?: Record<string, RegionConfig>;
  /** The routers, in any order: one may be behind another that comes later. */
  routers?: RouterConfig[];
  /** The bridges by name, in any order. */
  bridges?: Record<string, BridgeConfig>;
  /** The devices by name. */
  devices?: Record<string, DeviceConfig>;
  /** The virtual machines by name, switched off. */
  vms?: Record<string, VmOptions>;
}

/** A region of a {@link LabConfig}. */
export interface RegionConfig {
  /**
   * Links to other regions, by their names: the one-way latency in milliseconds, or the whole link. A
   * region that is named only here is made too. Where both ends name their link, they must agree.
   */
  latencies?: Record<string, number | RegionLink>;
}

/** A router of a {@link LabConfig}. */
export interface RouterConfig extends RouterOptions {
  /** Its name. */
  name: string;
}

/** A bridge of a {@link LabConfig}. */
export interface BridgeConfig {
  /** How long each frame takes between two members, in milliseconds. */
  latencyMs?: number;
  /** Frames that are lost between two members, in percent. */
  dropRatePct?: number;
  /** The bit rate between two members, in bits per second. */
  bandwidthBps?: number;
  /** The bridges and routers' LANs that it is routed to. */
  routes?: string[];
}

/** A device of a {@link LabConfig}. */
export interface DeviceConfig extends DeviceOptions {
  /** How many there are of it: more than one are called `<name>-0`, `<name>-1`, ... Default: one, called `<name>`. */
  count?: number;
}
