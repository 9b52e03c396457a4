import { z } from "zod";
import { tomlBoolean } from "../../toml/values.ts";
import { BINARY_MODES } from "../binary/mode.ts";
import { text, texts } from "../step/fields.ts";

const features = texts("Features of cargo.").optional();
const allFeatures = tomlBoolean().describe("Whether cargo builds with all features.").optional();

/** `[[binary]]` */
export const binarySchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, "use letters, digits, _ and -")
    .describe("Its name; steps use it as ${binary.NAME}."),
  mode: z.enum(BINARY_MODES)
    .describe("How Netyard gets it. Default: decided by the other keys.").optional(),
  path: text(
    "The program; target:NAME is in cargo's target directory. With a command: the file that it makes.",
  )
    .optional(),
  url: text("The URL of the program, or of an archive with it.").optional(),
  sha256: z.string().regex(/^[0-9A-Fa-f]{64}$/, "must be 64 hexadecimal digits")
    .describe("The SHA-256 of the download.").optional(),
  member: text("The file of the archive.").optional(),
  repo: text("The git repository that cargo builds it from.").optional(),
  commit: text('A branch, tag or commit of it. Default "main".').optional(),
  example: text("The example that cargo builds.").optional(),
  bin: text("The program that cargo builds.").optional(),
  features,
  "all-features": allFeatures,
  entrypoint: text("A TypeScript module, which Netyard compiles once.").optional(),
  permissions: texts('The permissions of the module, such as "--allow-net". Default: all.')
    .optional(),
  command: z.union([z.string().min(1), z.array(z.string()).min(1)])
    .describe("The command that builds it: a line for sh(1), or a program and its arguments.")
    .optional(),
  sources: texts("Files and directories that the command builds it from.").optional(),
}).meta({ title: "binary" });

/** `[[prepare]]` */
export const prepareSchema = z.strictObject({
  mode: z.literal("build").describe("The only mode: build.").optional(),
  examples: texts("Examples that cargo builds.").optional(),
  bins: texts("Programs that cargo builds.").optional(),
  features,
  "all-features": allFeatures,
}).meta({ title: "prepare" });
