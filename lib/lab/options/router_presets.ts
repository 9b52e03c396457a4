import type { Firewall } from "../../firewall/config.ts";
import type { Nat } from "../../nat/config.ts";
import type { NatV6 } from "../../nat/config_v6.ts";

/** The address families of a router and of its LAN. */
export type IpSupport = "v4-only" | "v6-only" | "dual-stack";

/** The pool of a LAN's addresses: routable ones, or RFC 1918 and ULA. */
export type Pool = "public" | "private";

/** The names of the ready-made routers. */
export type RouterPreset =
  | "home"
  | "public"
  | "public-v4"
  | "isp-cgnat"
  | "isp-v6"
  | "corporate"
  | "hotel"
  | "cloud";

/** The options that a preset stands for. */
export interface RouterProfile {
  nat: Nat;
  natV6: NatV6;
  firewall: Firewall;
  ipSupport: IpSupport;
  pool: Pool;
}

/** The real-world deployments behind {@link RouterPreset}. */
export const ROUTER_PRESETS: Readonly<Record<RouterPreset, RouterProfile>> = {
  home: {
    nat: "home",
    natV6: "none",
    firewall: "block-inbound",
    ipSupport: "dual-stack",
    pool: "private",
  },
  public: {
    nat: "none",
    natV6: "none",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "public",
  },
  "public-v4": {
    nat: "none",
    natV6: "none",
    firewall: "none",
    ipSupport: "v4-only",
    pool: "public",
  },
  "isp-cgnat": {
    nat: "cgnat",
    natV6: "none",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "private",
  },
  "isp-v6": {
    nat: "none",
    natV6: "nat64",
    firewall: "block-inbound",
    ipSupport: "v6-only",
    pool: "public",
  },
  corporate: {
    nat: "corporate",
    natV6: "none",
    firewall: "corporate",
    ipSupport: "dual-stack",
    pool: "private",
  },
  hotel: {
    nat: "corporate",
    natV6: "none",
    firewall: "captive-portal",
    ipSupport: "v4-only",
    pool: "private",
  },
  cloud: {
    nat: "cloud-nat",
    natV6: "none",
    firewall: "none",
    ipSupport: "dual-stack",
    pool: "private",
  },
};
