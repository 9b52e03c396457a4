import { basename, dirname, isAbsolute, join } from "node:path";
import { hostMemoryBytes } from "../../host/memory.ts";
import { milliseconds } from "../../options/duration.ts";
import { buildOutputs } from "./build_outputs.ts";
import { cacheDirectory } from "../../files/cache.ts";
import { checkedImage, ownDisk } from "./profile_disk.ts";
import type { DriveSpec } from "../options/machine_spec.ts";
import { memoryBytes } from "../options/memory.ts";
import { type BootSource, type Profile, profileHash, type ProfileSite } from "./profile.ts";
import { ProfileError } from "../options/errors.ts";
import type { TomlFile } from "./toml_file.ts";
import type { TomlDisk, TomlProfile } from "./toml_schema.ts";

const MIB = 2 ** 20;
const DEFAULT_MEMORY = 512 * MIB;
const DEFAULT_BOOT_MS = 30_000;

/** What a user's guest needs, for the message when its agent does not answer. */
export const NEEDS_AGENT = "the guest must start the QEMU guest agent (package qemu-guest-agent) " +
  "by itself, on the port org.qemu.guest_agent.0, which needs the kernel's virtio_console";

/**
 * Makes a profile of a `netyard.toml`.
 *
 * @param keys Its keys, with `extends` resolved.
 * @param base The built-in profile that it extends, if any.
 * @throws {ProfileError} If its keys contradict each other.
 * @throws {MemorySizeError} If its memory is not an amount; other errors of memory likewise.
 */
export function tomlProfile(
  file: TomlFile,
  name: string,
  keys: TomlProfile,
  base: Profile | undefined,
): Profile {
  const what = `${file.path}: profiles.${name}`;
  checkKeys(what, keys, base);
  return {
    name,
    memoryBytes: keys.memory === undefined
      ? base?.memoryBytes ?? DEFAULT_MEMORY
      : memoryBytes(keys.memory, hostMemoryBytes(), what),
    cpus: keys.cpus,
    prepare: (site) => prepare({ what, name, keys, base, directory: dirname(file.path) }, site),
  };
}

function checkKeys(what: string, keys: TomlProfile, base: Profile | undefined): void {
  const refuse = (why: string) => {
    throw new ProfileError(`${what}: ${why}`);
  };
  const disks = disksOf(keys);
  if (!base && keys.kernel === undefined && disks.length === 0) {
    refuse('it has nothing to boot: give it "kernel", "disk", or extends = "tiny"');
  }
  if (!base && keys.kernel === undefined) {
    if (keys.initrd !== undefined) refuse('it has "initrd", but no "kernel"');
    if (keys.cmdline !== undefined) refuse('it has "cmdline", but no "kernel"');
  }
  if (keys.sources !== undefined && keys.build === undefined) {
    refuse('it has "sources", but no "build" that would use them');
  }
  if (keys.build !== undefined && !keys.kernel && !keys.initrd && disks.length === 0) {
    refuse('it has "build", but names nothing that is built: no "kernel", "initrd" or "disk"');
  }
}

/** What `prepare` needs. */
interface TomlSource {
  what: string;
  name: string;
  keys: TomlProfile;
  base: Profile | undefined;
  /** The directory that paths are relative to. */
  directory: string;
}

async function prepare(toml: TomlSource, site: ProfileSite): Promise<BootSource> {
  const { what, name, keys, base } = toml;
  const at = (path: string) => isAbsolute(path) ? path : join(toml.directory, path);
  const named = namedFiles(keys).map(({ key, path }) => ({ key, path: at(path) }));
  if (keys.build !== undefined) {
    await buildOutputs({
      what,
      command: keys.build,
      directory: toml.directory,
      outputs: named.map(({ path }) => path),
      sources: (keys.sources ?? []).map(at),
      lockFile: `${cacheDirectory()}/builds/${profileHash(what).slice(0, 32)}.lock`,
      onProgress: site.onProgress,
    });
  }
  const stamps = [];
  for (const { key, path } of named) stamps.push(await stamp(what, key, path));
  const own = await base?.prepare(site);
  const kernel = keys.kernel === undefined ? own?.kernel : at(keys.kernel);
  const initrd = keys.initrd === undefined
    ? keys.kernel === undefined ? own?.initrd : undefined
    : at(keys.initrd);
  const cmdline = keys.cmdline ?? own?.cmdline;
  // With another initramfs it is another guest, whose programs are unknown.
  const isBase = own !== undefined && initrd === own.initrd;
  const drives = await drivesOf(toml, at, site.directory);
  return {
    name,
    arch: "x86_64",
    hash: profileHash([own?.hash, stamps, cmdline]),
    kernel,
    initrd,
    cmdline,
    drives,
    helpers: own?.helpers,
    emulatedCpu: own?.emulatedCpu ?? "Nehalem",
    canBeSaved: own?.canBeSaved ?? true,
    whyNotSaved: own?.whyNotSaved,
    ip: keys.ip ?? (isBase ? own.ip : "ip"),
    reseed: isBase ? own.reseed : undefined,
    bootMs: keys.agentTimeout === undefined
      ? own?.bootMs ?? DEFAULT_BOOT_MS
      : milliseconds(keys.agentTimeout),
    noAgent: NEEDS_AGENT,
  };
}

function disksOf({ disk = [] }: TomlProfile): TomlDisk[] {
  return Array.isArray(disk) ? disk : [disk];
}

/** Returns the files that a profile names, with their keys. */
function namedFiles(keys: TomlProfile): { key: string; path: string }[] {
  const { kernel, initrd, disk } = keys;
  const single = !Array.isArray(disk);
  return [
    ...kernel === undefined ? [] : [{ key: "kernel", path: kernel }],
    ...initrd === undefined ? [] : [{ key: "initrd", path: initrd }],
    ...disksOf(keys).map(({ path }, i) => ({
      key: single ? "disk.path" : `disk[${i}].path`,
      path,
    })),
  ];
}

async function drivesOf(
  { what, keys }: TomlSource,
  at: (path: string) => string,
  directory: string,
): Promise<DriveSpec[]> {
  const drives = [];
  for (const [i, { path, format, readOnly }] of disksOf(keys).entries()) {
    const id = `disk${i}`;
    const image = await checkedImage(what, { path: at(path), format });
    drives.push(
      readOnly
        ? { id, path: image.path, format: image.format, readOnly }
        : await ownDisk(what, id, image, directory),
    );
  }
  return drives;
}

/** Identifies the content of a file without reading it: no program can set its change time (ctime). */
async function stamp(what: string, key: string, path: string): Promise<unknown[]> {
  let stat: Deno.FileInfo;
  try {
    stat = await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ProfileError(
      `${what}: "${key}" is ${JSON.stringify(path)}, but there is no such file`,
      { cause: error },
    );
  }
  if (!stat.isFile) {
    throw new ProfileError(`${what}: "${key}" is ${JSON.stringify(path)}, which is not a file`);
  }
  return [basename(path), stat.dev, stat.ino, stat.size, stat.ctime?.getTime()];
}
