import { DiskError } from "../options/errors.ts";
import type { Guest } from "../agent/guest.ts";

/** Finds disks in a guest by their serial numbers. */

/**
 * Returns the path of a disk in a guest: `/dev/vda`.
 *
 * @throws {DiskError} If the guest has no disk with that serial number.
 */
export async function pathInGuest(guest: Guest, serial: string, what: string): Promise<string> {
  const script = `for f in /sys/block/*/serial; do [ "$(cat $f 2>/dev/null)" = ${serial} ] || ` +
    "continue; d=${f%/serial}; echo /dev/${d##*/}; done";
  const [path] = (await guest.run(script)).assertOk().stdout.split("\n");
  if (path) return path;
  throw new DiskError(
    `${what}: the guest has no disk with the serial number "${serial}"; does its kernel have virtio_blk?`,
  );
}

/**
 * Resolves when a guest sees the disks that were plugged in.
 *
 * @throws {DiskError} If it does not see them in time.
 */
export async function seenInGuest(
  guest: Guest,
  serials: readonly string[],
  what: string,
  timeoutMs: number,
): Promise<void> {
  const names = serials.join(" ");
  const script = `for n in ${names}; do until grep -qsx $n /sys/block/*/serial; do ` +
    "sleep 0.01; done; done";
  try {
    (await guest.run(script, { timeoutMs })).assertOk();
  } catch (error) {
    throw new DiskError(
      `${what}: the guest does not see ${names}; does its kernel have virtio_blk?\n` +
        (error as Error).message,
      { cause: error },
    );
  }
}
