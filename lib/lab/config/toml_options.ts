import { type Firewall, firewallSchema } from "../../firewall/config.ts";
import { type LinkCondition, linkConditionSchema, type LinkDirections } from "../../link/mod.ts";
import { type Nat, natSchema } from "../../nat/config.ts";
import { tomlSchema } from "../../toml/schema.ts";
import type { Schema } from "../../options/schema.ts";

/** The options of routers and links that steps of a simulation have too. */

/** The IPv4 NAT of a router. */
export const natToml: Schema<Nat> = tomlSchema(natSchema);

/** The firewall of a router, for both families. */
export const firewallToml: Schema<Firewall> = tomlSchema(firewallSchema);

/** The condition of a link: one for both directions, or one for each. */
export const conditionToml: Schema<LinkCondition | LinkDirections> = tomlSchema(
  linkConditionSchema,
);
