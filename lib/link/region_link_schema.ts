import { z } from "zod";
import type { RegionLink } from "./region_link.ts";
import { linkFields } from "./units.ts";

/** Schema of a {@linkcode RegionLink}. */
export const regionLinkSchema: z.ZodType<RegionLink> = z.strictObject(linkFields)
  .meta({ title: "RegionLink", table: "region link" });
