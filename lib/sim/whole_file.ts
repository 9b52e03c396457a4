import { basename, dirname, join } from "node:path";

/**
 * Writes a file whole or not at all, in place of one that may be there.
 *
 * @param mode Its permissions. Default 0o644, less what the process's umask takes.
 */
export async function writeWholeFile(path: string, text: string, mode?: number): Promise<void> {
  // Beside it, since a rename does not cross file systems.
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
  try {
    await Deno.writeTextFile(temporary, text, { createNew: true, mode });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
