/**
 * Makes a copy of a directory. Files become links to the same file where the file system can, as those
 * of a run that has ended do not change any more; symbolic links stay what they are.
 *
 * @param link what shares a file, as `Deno.link` does
 * @returns what is neither, such as sockets, which is left out; undefined if there is no directory.
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
    // Another file system, one without such links, or a file of another user.
    await Deno.copyFile(from, to);
  }
}
