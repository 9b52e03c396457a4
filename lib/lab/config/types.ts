import type { RegionLink } from "../../link/mod.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import type { DeviceOptions, InterfaceOptions, RouterOptions } from "../options/options.ts";
import type { VmOptions } from "../options/vm_options.ts";

/**
 * A whole topology as plain data, which {@link Lab.fromConfig} builds. Names stand for handles; those
 * of routers, devices, bridges and virtual machines are unique among all of them.
 */
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
  vms?: Record<string, VmConfig>;
  /** How IPv6 addresses come about, unless the lab's options say otherwise. */
  ipv6?: Ipv6Options;
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
export interface RouterConfig extends Omit<RouterOptions, "upstream" | "region"> {
  /** Its name. */
  name: string;
  /** The router that it is behind. Default: it is on the IX, or in its region. */
  upstream?: string;
  /** The region that it is in. Default: it is on the IX, or where its upstream is. */
  region?: string;
}

/** A bridge of a {@link LabConfig}. */
export interface BridgeConfig {
  /** How long each frame on it is delayed, one way, in milliseconds. Default 0. */
  latencyMs?: number;
  /** Frames on it that are lost, in percent. Default 0. */
  dropRatePct?: number;
  /** The bit rate of all that passes it together, in bits per second. Default 0: unlimited. */
  bandwidthBps?: number;
  /** The bridges and routers' LANs that it is routed to. Default: none. */
  routes?: string[];
}

/** An interface of a {@link DeviceConfig}. */
export interface InterfaceConfig extends Omit<InterfaceOptions, "gateway"> {
  /** The router or bridge that it is attached to. */
  gateway: string;
}

/** A device of a {@link LabConfig}. */
export interface DeviceConfig extends Omit<DeviceOptions, "interfaces"> {
  /** Its interfaces by name, for example `{ eth0: { gateway: "home" } }`. Default: none yet. */
  interfaces?: Record<string, InterfaceConfig>;
  /**
   * How many there are of it, 1 to 1,000: more than one are called `<name>-0`, `<name>-1`, ...
   * Default: one, called `<name>`.
   */
  count?: number;
}

/** A virtual machine of a {@link LabConfig}. */
export interface VmConfig extends Omit<VmOptions, "bridges"> {
  /** What it is attached to from the start: bridges, or routers for their LANs. Default: nothing. */
  bridges?: string[];
}
