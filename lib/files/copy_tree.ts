/**
 * Copies a directory. Files become hard links where the file system supports them, as the files of a
 * run that has ended do not change; symbolic links are copied as links.
 *
 * @param link makes a hard link, as `Deno.link` does
 * @returns the paths that were left out, such as sockets; undefined if the directory does not exist.
 */
export async function copyTree(
  from: string,
  to: string,
  link: typeof Deno.link = Deno.link,
): Promise<string[] | undefined> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(from));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  await Deno.mkdir(to);
  const left: string[] = [];
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if (isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else if (isDirectory) left.push(...await copyTree(source, target, link) ?? []);
    else if (isFile) await linkOrCopy(source, target, link);
    else left.push(source);
  }
  return left;
}

async function linkOrCopy(from: string, to: string, link: typeof Deno.link): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // The target is on another file system or on one without hard links, or another user owns the file.
    await Deno.copyFile(from, to);
  }
}
