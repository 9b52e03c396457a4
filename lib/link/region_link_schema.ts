import { z } from "zod";
import type { RegionLink } from "./region_link.ts";
import { linkFields } from "./units.ts";
import type { Schema } from "../options/schema.ts";

/** Schema of a {@linkcode RegionLink}. */
export const regionLinkSchema: Schema<RegionLink> = z.strictObject(linkFields)
  .meta({ title: "RegionLink", table: "region link" });
