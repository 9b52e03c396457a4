/**
 * Files of the host: atomic writes, the cache, locks, lines and copies. Knows no lab; imports `native`
 * alone. Begin with `atomic.ts`; `cache.ts` is the largest part.
 *
 * @module
 */

/**
 * Writes a file atomically: readers see the old or the new content, never a part. It is not forced
 * to disk, so it may be lost if the machine loses power.
 *
 * @param mode The permissions. Default 0o644, less what the process's umask removes.
 * @throws an Error with the path and the cause; the file is then unchanged.
 */
export async function writeAtomically(path: string, text: string, mode?: number): Promise<void> {
  await replaceOrExplain(
    path,
    (temporary) => Deno.writeTextFile(temporary, text, { createNew: true, mode }),
  );
}

/** Writes a value as indented JSON; otherwise as {@link writeAtomically}. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Makes a symbolic link, or replaces one: at any moment the path leads to the old or the new target.
 *
 * @param target relative to the link's own directory
 * @throws an Error with the path and the cause, also if something else than a link or a file is there
 */
export async function linkAtomically(path: string, target: string): Promise<void> {
  await replaceOrExplain(path, (temporary) => Deno.symlink(target, temporary));
}

/**
 * Replaces or creates a file: `make` writes to another path in the same directory, which is then
 * renamed, since a rename does not cross file systems.
 *
 * @throws the error of `make` or of the rename; the file is then unchanged.
 */
export async function replaceFile(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  // A name that no other process uses: two may write the same file at the same time.
  const slash = path.lastIndexOf("/") + 1;
  const [directory, name] = [path.slice(0, slash), path.slice(slash)];
  const temporary = `${directory}.${name}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await make(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may not exist
    throw error;
  }
}

async function replaceOrExplain(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  try {
    await replaceFile(path, make);
  } catch (cause) {
    throw new Error(`cannot write ${path}: ${withoutPaths(cause as Error)}`, { cause });
  }
}

/** Returns the system's message without the names of the temporary file, which tell a reader nothing. */
function withoutPaths({ message }: Error): string {
  return message.replace(/: [a-z]+ '.*$/s, "");
}
