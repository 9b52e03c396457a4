import { readCpio } from "../tiny/cpio.ts";
import { elfDependencies } from "../tiny/elf.ts";
import { BootFilesError } from "../tiny/errors.ts";
import type { FatFile } from "./fat.ts";

const PROGRAM = "usr/bin/qemu-ga";
const LIBRARIES = "usr/lib/x86_64-linux-gnu";

/** The names of the loader and the agent on the seed disk. */
export const LOADER = "ld.so";
export const AGENT = "qemu-ga";

/**
 * Returns the guest agent with its loader and libraries, from the initramfs of the `tiny` profile, for a
 * guest that has no agent.
 */
export function agentFiles(initramfs: Uint8Array): FatFile[] {
  const all = readCpio(initramfs);
  const read = (path: string) => {
    const data = all.get(path);
    if (!data) throw new BootFilesError(`the initramfs of "tiny" has no /${path}`);
    return data;
  };
  const names = new Set(elfDependencies(read(PROGRAM)).libraries);
  for (const name of names) { // grows while it is walked
    for (const other of elfDependencies(read(`${LIBRARIES}/${name}`)).libraries) names.add(other);
  }
  const { loader } = elfDependencies(read(PROGRAM));
  const place = (loader ?? "").replace(/^\/lib/, "usr/lib");
  return [
    { name: AGENT, data: read(PROGRAM) },
    { name: LOADER, data: read(place) },
    ...[...names].sort().map((name) => ({ name, data: read(`${LIBRARIES}/${name}`) })),
  ];
}
