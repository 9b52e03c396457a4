import { BootCache } from "./boot_cache.ts";
import { closeSaved, type SavedMachine } from "./machine.ts";

/** What a boot by the cache needs of its machine. */
export interface CachedBoot {
  cache: BootCache;
  /** All that decides what has booted. */
  key: unknown[];
  /** The machine's name. */
  label: string;
  /** Aborted when the machine is ended. */
  life: AbortSignal;
  cold(): Promise<void>;
  /** Saves what has booted cold, as small as can be. */
  save(): Promise<SavedMachine>;
  resume(saved: SavedMachine): Promise<void>;
  /** Lets go of what did not resume. */
  drop(): Promise<void>;
  /** Reports why a boot is slower than it could be. */
  report(what: string): void;
}

/**
 * Boots a machine as far as one of its kind did before, and from there on all alike. The first of a
 * kind boots cold, while others of the kind wait for it, and is kept.
 */
export async function bootByCache(boot: CachedBoot): Promise<void> {
  const { cache, label, life } = boot;
  const key = BootCache.key(...boot.key);
  let begun = false;
  const alone = async () => {
    const other = await cache.find(key, label);
    if (other) return other;
    begun = true;
    await boot.cold();
    await keep(boot, key);
  };
  let saved: SavedMachine | undefined;
  try {
    saved = await cache.find(key, label) ?? await cache.alone(key, alone);
  } catch (error) {
    life.throwIfAborted();
    if (begun) throw error;
    boot.report(`there is no boot cache to be had: ${(error as Error).message}`);
    return await boot.cold();
  }
  if (!saved) return;
  try {
    await boot.resume(saved);
  } catch (error) {
    life.throwIfAborted();
    // Of another QEMU, perhaps: a cold boot tells more.
    boot.report(`the boot cache is of no use: ${(error as Error).message}`);
    await boot.drop();
    await cache.remove(key);
    await boot.cold();
  }
}

/** Puts a machine that has just booted into the cache; without room there, it is as it is. */
async function keep({ cache, life, save, report }: CachedBoot, key: string): Promise<void> {
  try {
    const saved = await save();
    try {
      await cache.put(key, saved);
    } finally {
      closeSaved(saved);
    }
  } catch (error) {
    life.throwIfAborted();
    report(`the next one will have to boot, too: ${(error as Error).message}`);
  }
}
