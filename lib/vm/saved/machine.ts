import { z } from "zod";
import { dirname, resolve } from "node:path";
import { MemoryFile } from "../../../native/files/memory_file.ts";
import { crc32, fileCrc32 } from "./checksum.ts";
import type { SavedDisk } from "../disk/record.ts";
import { VmError } from "../options/errors.ts";
import { readSavedDisks, SavedDiskError, savedDiskSchema, writeSavedDisks } from "./disks.ts";
import { readSavedDrives, type SavedDrive, savedDriveSchema, writeSavedDrives } from "./drives.ts";
import type { Accel, GuestArch } from "../options/machine_spec.ts";

/** A network card of a machine. */
export interface Card {
  /** Of the device. */
  id: string;
  slot: number;
  /** The TAP that it is on. */
  tap: string;
  mac: string;
  /** Whether the guest sees a carrier. */
  linkUp: boolean;
  /** The hardware address that the guest still has, of the machine that was saved. */
  was?: string;
}

/** What a machine is, that can take over the state of another. */
export interface MachineShape {
  /** What the machine was booted from, as a hash. */
  profile: string;
  arch: GuestArch;
  accel: Accel;
  memoryBytes: number;
  cpus: number;
}

/** A machine that stands still: what it is, its devices, and its memory. */
export interface SavedMachine {
  shape: MachineShape;
  cards: Card[];
  /** What QEMU tells of its devices and processors. */
  state: Uint8Array;
  memory: MemoryFile;
  /** Those that were attached. */
  disks: SavedDisk[];
  /** Those that it has from the start and writes to. Default: none. */
  drives?: SavedDrive[];
}

/** Lets go of what a saved machine holds. */
export function closeSaved({ memory, disks, drives = [] }: SavedMachine): void {
  memory.close();
  for (const { content } of drives) content.close();
  for (const { content } of disks) content?.close();
}

/** A saved machine cannot be used: it is damaged, or not what it should be. */
export class SnapshotError extends VmError {}

/** Refuses a saved machine that another one cannot take over. */
export function mustFit(label: string, saved: MachineShape, own: MachineShape): void {
  const different = (Object.keys(own) as (keyof MachineShape)[])
    .filter((key) => saved[key] !== own[key])
    .map((key) => `its ${key} is ${saved[key]}, and here it is ${own[key]}`);
  if (different.length === 0) return;
  throw new SnapshotError(
    `${label}: restore(): the snapshot is of another kind of machine: ${different.join("; ")}; ` +
      "make the machine as the other one was",
  );
}

const VERSION = 1;

/** How a directory is called before it is whole. */
export const MAKING = ".making-";

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
  /** Left out where there are none. */
  disks: z.array(savedDiskSchema).optional(),
  drives: z.array(savedDriveSchema).optional(),
  /** Checksums of what the other files have (CRC-32). */
  stateSum: z.number(),
  memorySum: z.number().nullable(),
  /** When the memory was written; the quick look compares it. */
  memoryTime: z.number(),
});

/**
 * Writes a saved machine to a directory, which is there as a whole or not at all.
 *
 * @param options.checked Whether the memory gets a checksum, which takes a moment. Without, a change
 * of it is noticed by its time and size alone.
 */
export async function writeSaved(
  directory: string,
  { shape, cards, state, memory, disks, drives = [] }: SavedMachine,
  options: { checked: boolean },
): Promise<void> {
  directory = resolve(directory);
  const parent = dirname(directory);
  await Deno.mkdir(parent, { recursive: true });
  const making = await Deno.makeTempDir({ dir: parent, prefix: MAKING });
  try {
    await memory.write(`${making}/memory`);
    await Deno.writeFile(`${making}/state`, state);
    const { mtime } = await Deno.stat(`${making}/memory`);
    const manifest: z.infer<typeof manifestSchema> = {
      version: VERSION,
      shape,
      cards,
      ...disks.length > 0 ? { disks: await writeSavedDisks(making, disks) } : {},
      ...drives.length > 0 ? { drives: await writeSavedDrives(making, drives) } : {},
      stateSum: crc32(state),
      memorySum: options.checked ? await fileCrc32(`${making}/memory`) : null,
      memoryTime: mtime?.getTime() ?? 0,
    };
    await Deno.writeTextFile(`${making}/machine.json`, JSON.stringify(manifest));
    await Deno.rename(making, directory);
  } catch (error) {
    await Deno.remove(making, { recursive: true }).catch(() => {});
    if (!isTaken(error)) throw error;
    throw new SnapshotError(`${directory} is there already: name a directory that is not`, {
      cause: error,
    });
  }
}

/** rename(2) replaces nothing but an empty directory. */
function isTaken(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes((error as { code?: string }).code ?? "");
}

/**
 * Reads a saved machine.
 *
 * @param options.label Whose it is, for messages.
 * @throws {SnapshotError} If there is none, or it is damaged.
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
    const { shape, cards } = manifest;
    const state = await Deno.readFile(`${directory}/state`);
    if (crc32(state) !== manifest.stateSum) {
      throw damaged("the state of its devices is damaged");
    }
    const path = `${directory}/memory`;
    const { size, mtime } = await Deno.stat(path);
    if (size !== shape.memoryBytes) {
      throw damaged(`its memory has ${size} bytes, but should have ${shape.memoryBytes}`);
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
        return { shape, cards, state, memory, disks, ...drives.length > 0 ? { drives } : {} };
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
      throw new SnapshotError(`${what} is not there, or not whole`, { cause: error });
    }
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw damaged("its machine.json is none", error);
    }
    throw error;
  }
}
