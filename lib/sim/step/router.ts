import { z } from "zod";
import { type AddressFamily, addressFamilySchema } from "../../firewall/broken_family.ts";
import type { Firewall } from "../../firewall/config.ts";
import { firewallToml, natToml } from "../../lab/config/toml_options.ts";
import type { Nat } from "../../nat/config.ts";
import { type NatV6, natV6Schema } from "../../nat/config_v6.ts";
import { text } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Changes a router's NAT. */
export interface SetNatStep extends StepBase {
  /** The action. */
  action: "set-nat";
  /** The router. */
  router: string;
  /** The new NAT. */
  nat: Nat;
}

/** Clears the mappings of a router's NAT. */
export interface FlushNatStep extends StepBase {
  /** The action. */
  action: "flush-nat";
  /** The router. */
  router: string;
}

/** Changes a router's IPv6 NAT. */
export interface SetNatV6Step extends StepBase {
  /** The action. */
  action: "set-nat-v6";
  /** The router. */
  router: string;
  /** The new IPv6 NAT. */
  natV6: NatV6;
}

/** Makes a router's ISP delegate another IPv6 prefix to it. */
export interface RenewPrefixStep extends StepBase {
  /** The action. */
  action: "renew-prefix";
  /** The router. */
  router: string;
}

/** Makes a router drop an address family silently, or forward it again. */
export interface FamilyStep extends StepBase {
  /** The action. */
  action: "break-family" | "restore-family";
  /** The router. */
  router: string;
  /** The family. */
  family: AddressFamily;
}

/** Changes a router's firewall. */
export interface SetFirewallStep extends StepBase {
  /** The action. */
  action: "set-firewall";
  /** The router. */
  router: string;
  /** The new firewall. */
  firewall: Firewall;
}

const router = text("The router.");

export const routerKinds = {
  "set-nat": stepKind({
    schema: z.strictObject({
      action: z.literal("set-nat").describe("Changes a router's NAT."),
      ...common,
      router,
      nat: natToml.describe("The NAT."),
    }),
    toStep: ({ router, nat }, reader) => ({ router: reader.router(router), nat }),
  }),
  "flush-nat": stepKind({
    schema: z.strictObject({
      action: z.literal("flush-nat").describe("Clears the mappings of a router's NAT."),
      ...common,
      router,
    }),
    toStep: ({ router }, reader) => ({ router: reader.router(router) }),
  }),
  "set-nat-v6": stepKind({
    schema: z.strictObject({
      action: z.literal("set-nat-v6").describe("Changes a router's IPv6 NAT."),
      ...common,
      router,
      nat_v6: natV6Schema.describe("The IPv6 NAT."),
    }),
    toStep: ({ router, nat_v6: natV6 }, reader) => ({ router: reader.router(router), natV6 }),
  }),
  "renew-prefix": stepKind({
    schema: z.strictObject({
      action: z.literal("renew-prefix")
        .describe("Makes a router's ISP delegate another IPv6 prefix to it."),
      ...common,
      router,
    }),
    toStep: ({ router }, reader) => ({ router: reader.router(router) }),
  }),
  "break-family": family("break-family", "Makes a router drop an address family silently."),
  "restore-family": family("restore-family", "Makes a router forward an address family again."),
  "set-firewall": stepKind({
    schema: z.strictObject({
      action: z.literal("set-firewall").describe("Changes a router's firewall."),
      ...common,
      router,
      firewall: firewallToml.describe("The firewall."),
    }),
    toStep: ({ router, firewall }, reader) => ({ router: reader.router(router), firewall }),
  }),
};

function family(action: FamilyStep["action"], what: string) {
  return stepKind({
    schema: z.strictObject({
      action: z.literal(action).describe(what),
      ...common,
      router,
      family: addressFamilySchema.describe("The family."),
    }),
    toStep: ({ router, family }, reader) => ({ router: reader.router(router), family }),
  });
}
