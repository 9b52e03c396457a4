// Shared by the tests of disks: guests of the profile `tiny`, and a directory that must be empty in the
// end.
import { assertEquals } from "@std/assert";
import { type Disk, Lab } from "@netyard/netyard";
import type { Vm } from "../../../lib/lab/vm.ts";
import { temporaryIn } from "../../../lib/files/temporary.ts";

/** Makes a lab with one machine, and a directory in which nothing of it may be left. */
export async function withVm(
  use: (vm: Vm, lab: Lab, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const temporary = `${directory}/tmp`;
  await Deno.mkdir(temporary);
  using _ = temporaryIn(temporary);
  try {
    await using lab = await Lab.create({ label: "disks" });
    await use(lab.vm("nas", {}), lab, directory);
    await lab.close();
    assertEquals([...Deno.readDirSync(temporary)], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Returns a sector that repeats a character. */
export function sectorOf(character: string, count = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(512 * count).fill(character.charCodeAt(0));
}

/** Returns the first characters of a sector, read from outside. */
export async function outside(disk: Disk, sector: number, length = 4): Promise<string> {
  return new TextDecoder().decode((await disk.readSectors(sector)).subarray(0, length));
}

/** Returns the first characters of a sector, read by the guest from the disk. */
export async function inside(vm: Vm, disk: Disk, sector: number, length = 4): Promise<string> {
  const { stdout } = (await vm.run(
    `echo 1 >/proc/sys/vm/drop_caches; dd if=${await disk
      .guestPath()} bs=512 skip=${sector} count=1 2>/dev/null | head -c ${length}`,
  )).assertOk();
  return stdout;
}

/** Writes a text to a sector in the guest, and waits until it is on the disk. */
export async function write(vm: Vm, disk: Disk, sector: number, text: string): Promise<void> {
  const line = `dd of=${await disk.guestPath()} bs=512 seek=${sector} conv=notrunc,sync,fsync`;
  (await vm.run(line, { stdin: text })).assertOk();
}

/** Creates a file of one MiB that repeats a character. */
export async function rawFile(path: string, character: string): Promise<void> {
  await Deno.writeFile(path, sectorOf(character, 2048));
}

/** Summarizes the content of a file. */
export async function hashOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex();
}

/** Runs a program of the host that must succeed. */
export async function host(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}
