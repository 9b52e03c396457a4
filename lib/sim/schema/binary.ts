import { z } from "zod";
import { tomlBoolean } from "../../toml/values.ts";
import { BINARY_MODES } from "../binary/mode.ts";
import { text, texts } from "../step/fields.ts";

const features = texts("Features of cargo.").optional();
const allFeatures = tomlBoolean().describe("Whether cargo builds with all features.").optional();

/** `[[binary]]` */
export const binarySchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, "use letters, digits, _ and -")
    .describe("What steps call it: ${binary.NAME}."),
  mode: z.enum(BINARY_MODES)
    .describe("How it is got. Default: as the other keys tell.").optional(),
  path: text(
    "The program; target:NAME is in cargo's target directory. Of a command: what it makes.",
  )
    .optional(),
  url: text("Where it is downloaded, as it is or in an archive.").optional(),
  sha256: z.string().regex(/^[0-9A-Fa-f]{64}$/, "must be 64 hexadecimal digits")
    .describe("SHA-256 of what is downloaded.").optional(),
  member: text("Which file of the archive it is.").optional(),
  repo: text("The git repository that cargo builds it from.").optional(),
  commit: text('A branch, tag or commit of it. Default "main".').optional(),
  example: text("The example that cargo builds.").optional(),
  bin: text("The program that cargo builds.").optional(),
  features,
  "all-features": allFeatures,
  entrypoint: text("A TypeScript module, which is compiled once.").optional(),
  permissions: texts('What it may do, such as "--allow-net". Default: all.').optional(),
  command: z.union([z.string().min(1), z.array(z.string()).min(1)])
    .describe("What builds it: a line for sh(1), or a program and its arguments.").optional(),
  sources: texts("Files and directories that the command builds it from.").optional(),
}).meta({ title: "binary" });

/** `[[prepare]]` */
export const prepareSchema = z.strictObject({
  mode: z.literal("build").describe("What is done.").optional(),
  examples: texts("Examples that cargo builds.").optional(),
  bins: texts("Programs that cargo builds.").optional(),
  features,
  "all-features": allFeatures,
}).meta({ title: "prepare" });
