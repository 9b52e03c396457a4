import type { z } from "zod";
import { type Firewall, firewallSchema } from "../../firewall/config.ts";
import { type LinkCondition, linkConditionSchema, type LinkDirections } from "../../link/mod.ts";
import { type Nat, natSchema } from "../../nat/config.ts";
import { tomlSchema } from "../../toml/schema.ts";

/** The options of routers and links that steps of a simulation have too. */

/** The IPv4 NAT of a router. */
export const natToml: z.ZodType<Nat> = tomlSchema(natSchema);

/** The firewall of a router, for both families. */
export const firewallToml: z.ZodType<Firewall> = tomlSchema(firewallSchema);

/** The condition of a link: one for both directions, or one for each. */
export const conditionToml: z.ZodType<LinkCondition | LinkDirections> = tomlSchema(
  linkConditionSchema,
);
