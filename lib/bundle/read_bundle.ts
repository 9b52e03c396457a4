import { z } from "zod";
import { readRun } from "../events/read_run.ts";
import type { LabEvent } from "../events/types.ts";
import type { RunFailure } from "../record/failure.ts";
import { temporary } from "../files/temporary.ts";
import type { BundleInfo } from "./bundle_info.ts";
import { BundleError } from "./errors.ts";

export { BundleError };

/** What a replay needs of a bundle. */
export interface Bundle {
  info:
    & Pick<
      BundleInfo,
      "failed" | "label" | "seed" | "command" | "cwd" | "schedule" | "onlyFaults" | "simulation"
    >
    & { error: Pick<RunFailure, "name" | "message" | "stack"> };
  events: LabEvent[];
}

/** The most bytes of a file that is read. */
const MAX_BYTES = 256 * 2 ** 20;
const INFO = "bundle.json";
const EVENTS = "run/events.jsonl";

const text = z.string();
const faultSchema = z.object({
  id: text,
  atMs: z.number(),
  healedMs: z.number().nullable(),
  fault: z.record(text, z.unknown()),
});
const infoSchema = z.object({
  version: z.literal(1),
  failed: z.object({
    kind: z.enum(["test", "simulation", "script"]),
    name: text,
    file: text.nullable(),
  }),
  error: z.object({ name: text, message: text, stack: text }),
  label: text,
  seed: z.int(),
  command: z.array(text),
  cwd: text.nullable(),
  // Older bundles have none of these.
  schedule: z.array(faultSchema).default([]),
  onlyFaults: z.array(text).nullable().default(null),
  simulation: z.object({
    step: text.nullable(),
    where: text.nullable(),
    variant: z.record(text, text),
    command: z.array(text),
    stderr: z.array(text),
    line: z.array(text).nullable(),
  }).optional(),
});

/**
 * Reads a bundle: a directory, or its zip file.
 *
 * @throws {BundleError} There is none, or it has another content or too much of it.
 */
export async function readBundle(path: string): Promise<Bundle> {
  const stat = await Deno.stat(path).catch((cause) => {
    throw new BundleError(`cannot read the bundle ${path}: ${(cause as Error).message}`, { cause });
  });
  if (stat.isDirectory) return await readDirectory(path, path);
  if (!stat.isFile || stat.size > MAX_BYTES) {
    throw new BundleError(
      `${path} is no bundle: give a directory, or a zip file of at most 256 MiB`,
    );
  }
  const directory = await Deno.makeTempDir({ dir: temporary(), prefix: "netyard-bundle-" });
  try {
    await unpack(path, directory);
    return await readDirectory(directory, path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Unpacks the two files that are read, under their own names whatever the zip file calls others. */
async function unpack(zip: string, directory: string): Promise<void> {
  const { unzipSync } = await import("fflate");
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(await Deno.readFile(zip), {
      filter: ({ name, originalSize }) =>
        (name === INFO || name === EVENTS) && originalSize <= MAX_BYTES,
    });
  } catch (cause) {
    throw new BundleError(`${zip} is no zip file: ${(cause as Error).message}`, { cause });
  }
  await Deno.mkdir(`${directory}/run`);
  for (const name of [INFO, EVENTS]) {
    if (!Object.hasOwn(files, name)) continue;
    await Deno.writeFile(`${directory}/${name}`, files[name]);
  }
}

async function readDirectory(directory: string, bundle: string): Promise<Bundle> {
  let json: unknown;
  try {
    const path = `${directory}/${INFO}`;
    const { isFile, size } = await Deno.lstat(path);
    if (!isFile || size > MAX_BYTES) throw new Error("it is no plain file, or too large");
    json = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new BundleError(
      `${bundle} is no bundle: its ${INFO} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  const parsed = infoSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new BundleError(`${bundle}: ${INFO}: ${path.join(".") || "the whole"}: ${message}`);
  }
  try {
    return { info: parsed.data, events: (await readRun(`${directory}/run`)).events };
  } catch (cause) {
    const why = (cause as Error).message.replaceAll(directory, bundle);
    throw new BundleError(`${bundle}: its events cannot be read: ${why}`, { cause });
  }
}
