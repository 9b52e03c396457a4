import { BootCache } from "./boot_cache.ts";
import { closeSaved, type SavedMachine } from "./saved_machine.ts";

/** What a boot by the cache needs from its machine. */
export interface CachedBoot {
  cache: BootCache;
  /** Everything that decides what boots. */
  key: unknown[];
  /** The machine's name. */
  label: string;
  /** Aborted when the machine is ended. */
  life: AbortSignal;
  /** Boots without the cache. */
  cold(): Promise<void>;
  /** Saves the machine that has booted, as small as possible. */
  save(): Promise<SavedMachine>;
  /** Resumes a machine of the cache. */
  resume(saved: SavedMachine): Promise<void>;
  /** Ends a machine that did not resume. */
  drop(): Promise<void>;
  /** Reports why a boot is slower than it could be. */
  report(what: string): void;
}

/**
 * Resumes a machine that was saved after its boot, if the cache has one of the same kind. Otherwise it
 * boots and is added to the cache, while other machines of the kind wait for it.
 */
export async function bootByCache(boot: CachedBoot): Promise<void> {
  const { cache, label, life } = boot;
  const key = BootCache.key(...boot.key);
  let bootBegun = false;
  const findOrBoot = async () => {
    const other = await cache.find(key, label);
    if (other) return other;
    bootBegun = true;
    await boot.cold();
    await keep(boot, key);
  };
  let saved: SavedMachine | undefined;
  try {
    saved = await cache.find(key, label) ?? await cache.exclusively(key, findOrBoot);
  } catch (error) {
    life.throwIfAborted();
    if (bootBegun) throw error;
    boot.report(`the boot cache cannot be used: ${(error as Error).message}`);
    return await boot.cold();
  }
  if (!saved) return;
  try {
    await boot.resume(saved);
  } catch (error) {
    life.throwIfAborted();
    // Perhaps it was saved by another QEMU. An error of a cold boot says more.
    boot.report(`the machine of the boot cache does not resume: ${(error as Error).message}`);
    await boot.drop();
    await cache.remove(key);
    await boot.cold();
  }
}

/** Adds a machine that has just booted to the cache. A failure is only reported. */
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
    report(
      `it was not added to the boot cache, so the next machine boots, too: ${
        (error as Error).message
      }`,
    );
  }
}
