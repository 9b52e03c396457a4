/**
 * Saved machines: the memory, the device state and the disks of a machine, in memory or in a directory,
 * and the cache of booted machines. Imports `options`, `disk` and `files`; knows no QEMU process. A
 * snapshot is what a user takes and restores; a saved machine is its content. Begin with
 * `saved_machine.ts`, the types; this file reads and writes them, and is loaded with its first use.
 *
 * @module
 */

import { z } from "zod";
import { dirname, resolve } from "node:path";
import { MemoryFile } from "../../../native/files/memory_file.ts";
import { crc32, fileCrc32 } from "./checksum.ts";
import { readSavedDisks, SavedDiskError, savedDiskSchema, writeSavedDisks } from "./disks.ts";
import { readSavedDrives, savedDriveSchema, writeSavedDrives } from "./drives.ts";
import { type MachineShape, type SavedMachine, SnapshotError } from "./saved_machine.ts";

/** Refuses a saved machine that does not fit the machine that must load it. */
export function mustFit(label: string, saved: MachineShape, own: MachineShape): void {
  const different = (Object.keys(own) as (keyof MachineShape)[])
    .filter((key) => saved[key] !== own[key])
    .map((key) => `its ${key} is ${saved[key]}, and here it is ${own[key]}`);
  if (different.length === 0) return;
  throw new SnapshotError(
    `${label}: restore(): the snapshot is of another kind of machine: ${different.join("; ")}; ` +
      "create the machine with the same options",
  );
}

const VERSION = 1;

/** The prefix of a directory that is not complete yet. */
export const PARTIAL = ".making-";

const manifestSchema = z.strictObject({
  version: z.literal(VERSION),
  shape: z.strictObject({
    profile: z.string(),
    arch: z.enum(["x86_64", "aarch64"]),
    accel: z.enum(["kvm", "tcg", "hvf"]),
    memoryBytes: z.number(),
    cpus: z.number(),
  }),
  cards: z.array(z.strictObject({
    id: z.string(),
    slot: z.number(),
    tap: z.string(),
    mac: z.string(),
    linkUp: z.boolean(),
  })),
  /** Missing if there are none. */
  disks: z.array(savedDiskSchema).optional(),
  drives: z.array(savedDriveSchema).optional(),
  /** Checksums of the other files (CRC-32). */
  stateSum: z.number(),
  memorySum: z.number().nullable(),
  /** The modification time of the memory file, for the quick check. */
  memoryTime: z.number(),
});

/**
 * Writes a saved machine to a directory, atomically.
 *
 * @param options.checked Whether to compute a checksum of the memory, which takes a moment. Without it,
 * only a changed time or size is detected.
 */
export async function writeSaved(
  directory: string,
  { shape, nics, state, memory, disks, drives = [] }: SavedMachine,
  options: { checked: boolean },
): Promise<void> {
  directory = resolve(directory);
  const parent = dirname(directory);
  await Deno.mkdir(parent, { recursive: true });
  const partial = await Deno.makeTempDir({ dir: parent, prefix: PARTIAL });
  try {
    await memory.write(`${partial}/memory`);
    await Deno.writeFile(`${partial}/state`, state);
    const { mtime } = await Deno.stat(`${partial}/memory`);
    const manifest: z.infer<typeof manifestSchema> = {
      version: VERSION,
      shape,
      cards: nics,
      ...disks.length > 0 ? { disks: await writeSavedDisks(partial, disks) } : {},
      ...drives.length > 0 ? { drives: await writeSavedDrives(partial, drives) } : {},
      stateSum: crc32(state),
      memorySum: options.checked ? await fileCrc32(`${partial}/memory`) : null,
      memoryTime: mtime?.getTime() ?? 0,
    };
    await Deno.writeTextFile(`${partial}/machine.json`, JSON.stringify(manifest));
    await Deno.rename(partial, directory);
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
    if (!isTaken(error)) throw error;
    throw new SnapshotError(`${directory} exists already: name a directory that does not`, {
      cause: error,
    });
  }
}

/** Whether the directory exists: rename(2) only replaces an empty one. */
function isTaken(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes((error as { code?: string }).code ?? "");
}

/**
 * Reads a saved machine.
 *
 * @param options.label The name of the machine, for messages.
 * @throws {SnapshotError} If it does not exist or is damaged.
 */
export async function readSaved(
  directory: string,
  options: { label: string; checked: boolean },
): Promise<SavedMachine> {
  const what = `${options.label}: the snapshot ${directory}`;
  const damaged = (why: string, cause?: unknown) =>
    new SnapshotError(`${what} cannot be used: ${why}; take another`, { cause });
  try {
    const manifest = manifestSchema.parse(
      JSON.parse(await Deno.readTextFile(`${directory}/machine.json`)),
    );
    const { shape, cards: nics } = manifest;
    const state = await Deno.readFile(`${directory}/state`);
    if (crc32(state) !== manifest.stateSum) {
      throw damaged("the state of its devices is damaged");
    }
    const path = `${directory}/memory`;
    const { size, mtime } = await Deno.stat(path);
    if (size !== shape.memoryBytes) {
      throw damaged(`its memory has ${size} bytes, but must have ${shape.memoryBytes}`);
    }
    const { checked } = options;
    if (checked && manifest.memorySum !== null) {
      if (await fileCrc32(path) !== manifest.memorySum) throw damaged("its memory is damaged");
    } else if (!checked && mtime?.getTime() !== manifest.memoryTime) {
      throw damaged("its memory was changed");
    }
    const memory = await MemoryFile.read(options.label, path);
    try {
      const drives = await readSavedDrives(directory, manifest.drives ?? []);
      try {
        const disks = await readSavedDisks(directory, manifest.disks ?? []);
        return { shape, nics, state, memory, disks, ...drives.length > 0 ? { drives } : {} };
      } catch (error) {
        for (const { content } of drives) content.close();
        throw error;
      }
    } catch (error) {
      memory.close();
      throw error instanceof SavedDiskError ? damaged(error.message, error) : error;
    }
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new SnapshotError(`${what} does not exist or is incomplete`, { cause: error });
    }
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw damaged("its machine.json is invalid", error);
    }
    throw error;
  }
}
