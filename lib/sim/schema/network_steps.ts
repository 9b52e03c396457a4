import { z } from "zod";
import { conditionToml, firewallToml, natToml } from "../../lab/config/toml_options.ts";
import { addressFamilySchema } from "../../firewall/broken_family.ts";
import { directionSchema } from "../../link/mod.ts";
import { natV6Schema } from "../../nat/config_v6.ts";
import { duration, text } from "./fields.ts";
import { common } from "./process_steps.ts";

/** What steps are that change the network, or look at it. */

const device = text("The device.");
const linkInterface = text("The interface. Default: the device's first.").optional();
const router = text("The router.");

const family = (action: "break-family" | "restore-family", what: string) =>
  z.strictObject({
    action: z.literal(action).describe(what),
    ...common,
    router,
    family: addressFamilySchema.describe("The family."),
  });

const link = (action: "link-down" | "link-up", what: string) =>
  z.strictObject({
    action: z.literal(action).describe(what),
    ...common,
    device,
    interface: linkInterface,
  });

const region = (action: "break-region" | "restore-region", what: string) =>
  z.strictObject({
    action: z.literal(action).describe(what),
    ...common,
    regions: z.tuple([z.string(), z.string()]).describe("The two ends of the link."),
  });

const partition = (action: "partition" | "heal", what: string) =>
  z.strictObject({
    action: z.literal(action).describe(what),
    ...common,
    bridge: text("The bridge, or the router of the LAN."),
    members: z.tuple([z.string(), z.string()]).describe("Two members, both ways.").optional(),
    from: text("One way: the member that sends.").optional(),
    to: text("One way: the member that receives.").optional(),
  }).superRefine(({ members, from, to }, context) => {
    const wrong = (from === undefined) !== (to === undefined)
      ? '"from" and "to" go together'
      : members && from !== undefined
      ? 'give "members" for both ways, or "from" and "to" for one'
      : undefined;
    if (wrong) context.addIssue({ code: "custom", message: wrong });
  });

export const networkSteps = {
  "set-link-condition": z.strictObject({
    action: z.enum(["set-link-condition", "set-impair"])
      .describe("Impairs a link, in place of what impaired it before."),
    ...common,
    device,
    interface: linkInterface,
    condition: conditionToml.describe("How bad it is. Default: not at all.").optional(),
    impair: conditionToml.describe("As condition, in older files.").optional(),
    direction: directionSchema.describe('Which way, seen from the device. Default "both".')
      .optional(),
  }).refine(
    ({ condition, impair }) => condition === undefined || impair === undefined,
    '"condition" and "impair" are two names of one thing; give one of them',
  ).refine(
    ({ condition, impair = condition, direction }) =>
      direction === undefined || typeof impair !== "object" ||
      !("up" in impair || "down" in impair),
    'the condition is of each direction apart; leave "direction" out',
  ),
  "link-down": link("link-down", "Takes an interface down."),
  "link-up": link("link-up", "Brings an interface up."),
  "set-default-route": z.strictObject({
    action: z.enum(["set-default-route", "switch-route"])
      .describe("Sends a device's traffic by another interface."),
    ...common,
    device,
    to: text("The interface."),
  }),
  replug: z.strictObject({
    action: z.literal("replug").describe("Plugs an interface in elsewhere."),
    ...common,
    device,
    interface: linkInterface,
    to: text("The router or bridge."),
  }),
  "set-nat": z.strictObject({
    action: z.literal("set-nat").describe("Gives a router another NAT."),
    ...common,
    router,
    nat: natToml.describe("The NAT."),
  }),
  "flush-nat": z.strictObject({
    action: z.literal("flush-nat").describe("Makes a router forget its NAT's mappings."),
    ...common,
    router,
  }),
  "set-nat-v6": z.strictObject({
    action: z.literal("set-nat-v6").describe("Gives a router another IPv6 NAT."),
    ...common,
    router,
    nat_v6: natV6Schema.describe("The IPv6 NAT."),
  }),
  "renew-prefix": z.strictObject({
    action: z.literal("renew-prefix")
      .describe("Makes a router's ISP delegate another IPv6 prefix to it."),
    ...common,
    router,
  }),
  "break-family": family("break-family", "Has a router drop an address family without a word."),
  "restore-family": family("restore-family", "Has a router forward an address family again."),
  "set-firewall": z.strictObject({
    action: z.literal("set-firewall").describe("Gives a router another firewall."),
    ...common,
    router,
    firewall: firewallToml.describe("The firewall."),
  }),
  "break-region": region("break-region", "Breaks the link between two regions."),
  "restore-region": region("restore-region", "Mends the link between two regions."),
  partition: partition("partition", "Keeps members of a bridge apart; without members, all."),
  heal: partition(
    "heal",
    "Ends a partition; without members, all that keeps any of the bridge apart.",
  ),
  capture: z.strictObject({
    action: z.literal("capture").describe("Captures packets into captures/<id>.pcap."),
    ...common,
    device: text("The device or router.").optional(),
    bridge: text("The bridge, or the router of the LAN.").optional(),
    interface: text("The interface of the device. Default: all.").optional(),
    filter: text("What is captured, as pcap-filter(7) has it. Default: all.").optional(),
    duration: duration("How long. Default: until a wait-for, or the end.").optional(),
  }).refine(
    (step) => (step.device === undefined) !== (step.bridge === undefined),
    'give either "device" or "bridge"',
  ),
};
