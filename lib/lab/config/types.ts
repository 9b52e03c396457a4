import type { RegionLink } from "../../link/mod.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import type { DeviceOptions, InterfaceOptions, RouterOptions } from "../options/options.ts";
import type { VmOptions } from "../options/vm_options.ts";

/**
 * A whole topology as plain data, from which {@link Lab.fromConfig} builds a lab. Names stand for
 * handles; routers, devices, bridges and virtual machines share one set of unique names.
 */
export interface LabConfig {
  /** The regions by name, with their links. */
  regions?: Record<string, RegionConfig>;
  /** The routers, in any order: one may be behind another that comes later. */
  routers?: RouterConfig[];
  /** The bridges by name, in any order. */
  bridges?: Record<string, BridgeConfig>;
  /** The devices by name. */
  devices?: Record<string, DeviceConfig>;
  /** The virtual machines by name; they are switched off when the lab is built. */
  vms?: Record<string, VmConfig>;
  /** How nodes get IPv6 addresses. The lab's options take precedence. */
  ipv6?: Ipv6Options;
}

/** A region of a {@link LabConfig}. */
export interface RegionConfig {
  /**
   * Links to other regions, by their names: the one-way latency in milliseconds, or the whole link. A
   * region that is named only here is added too. If both ends name their link, they must agree.
   */
  latencies?: Record<string, number | RegionLink>;
}

/** A router of a {@link LabConfig}. */
export interface RouterConfig extends Omit<RouterOptions, "upstream" | "region"> {
  /** Its name. */
  name: string;
  /** The upstream router. Default: none; it is on the IX, or in its region. */
  upstream?: string;
  /** Its region, which need not be among {@link LabConfig.regions}. Default: none, or that of its upstream. */
  region?: string;
}

/** A bridge of a {@link LabConfig}. */
export interface BridgeConfig {
  /** The one-way delay of each frame on it, in milliseconds. Default 0. */
  latencyMs?: number;
  /** Frames on it that are lost, in percent. Default 0. */
  dropRatePct?: number;
  /** The bit rate that all frames on it share, in bits per second. Default 0: unlimited. */
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
   * The number of devices, 1 to 1,000: more than one are named `<name>-0`, `<name>-1`, ...
   * Default: one, named `<name>`.
   */
  count?: number;
}

/** A virtual machine of a {@link LabConfig}. */
export interface VmConfig extends Omit<VmOptions, "bridges"> {
  /** The bridges, or routers for their LANs, that it is attached to at first. Default: none. */
  bridges?: string[];
}
