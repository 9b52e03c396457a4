import { basename, dirname } from "node:path";

/**
 * Writes a file that is never seen half written: beside itself, and then in its place. It is not
 * forced to disk, so it may be lost with the machine's power.
 *
 * @param mode Its permissions. Default 0o644, less what the process's umask takes.
 * @throws an Error with the path and the cause; what stood there before stands there still.
 */
export async function writeAtomically(path: string, text: string, mode?: number): Promise<void> {
  await replace(
    path,
    (temporary) => Deno.writeTextFile(temporary, text, { createNew: true, mode }),
  );
}

/** As {@link writeAtomically}, of a value as JSON, for people to read too. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Makes a symbolic link, in place of the one that is there; whoever follows it finds the one or the
 * other at any moment.
 *
 * @param target relative to the link's own directory
 * @throws an Error with the path and the cause, also where something else than a link or a file is there
 */
export async function linkAtomically(path: string, target: string): Promise<void> {
  await replace(path, (temporary) => Deno.symlink(target, temporary));
}

async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  // Of a name that no other process has: two may write the same file at once.
  const temporary = `${dirname(path)}/.${basename(path)}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await make(temporary);
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {}); // it may not be there
    throw new Error(`cannot write ${path}: ${plain(cause)}`, { cause });
  }
}

/** What the system said, without the names of the temporary file, which mean nothing to a reader. */
function plain(error: unknown): string {
  return (error as Error).message.replace(/: [a-z]+ '.*$/s, "");
}
