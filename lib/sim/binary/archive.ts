import { basename, dirname, join, relative } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { tail } from "../../files/tail.ts";
import { type BinaryContext, binaryError, fileName, programOf } from "./context.ts";
import { runTool } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

/** Names of files that tar(1) unpacks; it detects the compression itself. */
const TAR = /\.(tar(\.(gz|xz|zst|bz2))?|tgz|txz|tzst|tbz2?)$/i;
const ZIP = /\.zip$/i;
const GZIP = /\.gz$/i;

/** Names of libraries: often executable, but not programs. */
const LIBRARY = /\.so(\.\d+)*$/;

/** The number of names in a message. */
const LISTED = 20;

/** Returns the kind of archive that a file is, by its name; a single compressed file is not one. */
export function isArchive(name: string): "tar" | "zip" | undefined {
  return TAR.test(name) ? "tar" : ZIP.test(name) ? "zip" : undefined;
}

/** A downloaded file to unpack. */
export interface Package {
  /** The path of the downloaded file. */
  file: string;
  /** Its name, which says how it is packed. */
  name: string;
  /** The empty directory for its content. */
  directory: string;
}

/**
 * Unpacks a downloaded file; a file that is not an archive becomes the only one in the directory.
 *
 * @throws {BinaryError} If it is broken, or has a path outside the directory.
 */
export async function unpack(
  context: BinaryContext,
  spec: BinarySpec,
  { file, name, directory }: Package,
): Promise<void> {
  switch (isArchive(name)) {
    case "tar":
      return await unpackTar(context, spec, file, directory);
    case "zip":
      return await unpackZip(spec, file, directory);
  }
  const packed = GZIP.test(name);
  const only = join(directory, fileName((packed ? name.slice(0, -3) : name) || spec.name));
  if (packed) await unpackGzip(spec, file, only);
  else await Deno.rename(file, only);
  const begin = new TextDecoder().decode(await firstBytes(only));
  if (/^\s*<(!doctype|html)/i.test(begin)) {
    throw binaryError(spec, `${spec.url} is an HTML page, not a program: ${begin.slice(0, 60)}`);
  }
  await Deno.chmod(only, 0o755);
}

async function unpackTar(
  context: BinaryContext,
  spec: BinarySpec,
  file: string,
  directory: string,
): Promise<void> {
  const program = programOf(context, "tar", (text) => binaryError(spec, text), "an archive");
  const tar = async (...args: string[]) => {
    const result = await runTool(context, { program, args, directory });
    if (result.ok) return result.stdout;
    throw binaryError(
      spec,
      `${spec.url} cannot be unpacked: tar ${result.ending}:\n${tail(result.log)}`,
    );
  };
  for (const name of (await tar("-tf", file)).split("\n")) refuseOutside(spec, name);
  // Owners and set-user-ID bits belong to the machine that packed it.
  await tar("-xf", file, "-C", directory, "-o", "--no-same-permissions");
}

async function unpackZip(spec: BinarySpec, file: string, directory: string): Promise<void> {
  const { unzipSync } = await import("fflate");
  const bytes = await Deno.readFile(file);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (error) {
    throw binaryError(spec, `${spec.url} cannot be unpacked: ${(error as Error).message}`, error);
  }
  for (const name of Object.keys(files)) refuseOutside(spec, name);
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await Deno.mkdir(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (name.endsWith("/")) continue;
    await Deno.writeFile(path, content);
    // The content says what is executable: many programs write no permissions into a zip.
    if (isProgram(name, content)) await Deno.chmod(path, 0o755);
  }
}

async function unpackGzip(spec: BinarySpec, file: string, path: string): Promise<void> {
  using from = await Deno.open(file);
  try {
    const content = from.readable.pipeThrough(new DecompressionStream("gzip"));
    await Deno.writeFile(path, content);
  } catch (error) {
    throw binaryError(spec, `${spec.url} cannot be unpacked: ${(error as Error).message}`, error);
  }
}

function refuseOutside(spec: BinarySpec, name: string): void {
  if (!name.startsWith("/") && !name.split(/[/\\]/).includes("..")) return;
  throw binaryError(spec, `${spec.url} has the path "${name}", which is outside the archive`);
}

/** Returns whether a file is a program: an ELF file that is not a library, or a script. */
function isProgram(name: string, content: Uint8Array): boolean {
  const begin = String.fromCharCode(...content.subarray(0, 4));
  return begin.startsWith("#!") || (begin === "\x7fELF" && !LIBRARY.test(name));
}

async function firstBytes(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(256);
  return bytes.subarray(0, await file.read(bytes) ?? 0);
}

interface Member {
  /** The path in the archive. */
  path: string;
  /** Whether it is probably a program. */
  executable: boolean;
}

/**
 * Returns the path of the program in an unpacked archive: `member`, the file with the name of the
 * binary, or the only executable file.
 *
 * @throws {BinaryError} If there is none, or more than one.
 */
export async function memberOf(spec: BinarySpec, directory: string): Promise<string> {
  const members = await membersOf(directory);
  const { path } = chosen(spec, members.sort((a, b) => a.path < b.path ? -1 : 1));
  const file = join(directory, path);
  // A symbolic link may lead out of the archive.
  const real = await Deno.realPath(file).catch(() => undefined);
  if (real === undefined || relative(await Deno.realPath(directory), real).startsWith("..")) {
    throw binaryError(spec, `"${path}" is a link to a file outside the archive`);
  }
  const mode = (await Deno.stat(file)).mode ?? 0;
  if (!(mode & 0o111)) await Deno.chmod(file, 0o755);
  return file;
}

function chosen(spec: BinarySpec, members: Member[]): Member {
  const { member, name, url } = spec;
  const several = (found: Member[], what: string) =>
    binaryError(spec, `${url} has ${what}; name one by "member":${listed(found)}`);
  if (member !== undefined) {
    const requested = member.replace(/^(\.\/)+/, "");
    const exact = members.find(({ path }) => path === requested);
    if (exact) return exact;
    const below = members.filter(({ path }) => path.endsWith(`/${requested}`));
    if (below.length > 1) throw several(below, `several files "${requested}"`);
    if (below.length === 1) return below[0];
    const near = nearest(requested, members.map(({ path }) => path)) ??
      members.find(({ path }) => nearest(basename(requested), [basename(path)]))?.path;
    throw binaryError(
      spec,
      `${url} has no "${member}"` +
        (near ? `; did you mean "${near}"?` : `, but${listed(members)}`),
    );
  }
  if (members.length === 1) return members[0];
  const programs = members.filter(({ executable }) => executable);
  for (const among of [programs, members]) {
    const named = among.filter(({ path }) => basename(path) === name);
    if (named.length > 1) throw several(named, `several files "${name}"`);
    if (named.length === 1) return named[0];
  }
  if (programs.length > 1) throw several(programs, "several programs");
  if (programs.length === 1) return programs[0];
  throw binaryError(
    spec,
    members.length === 0
      ? `${url} is empty`
      : `${url} has no program; name a file by "member":${listed(members)}`,
  );
}

function listed(members: readonly Member[]): string {
  const more = members.length - LISTED;
  return members.slice(0, LISTED).map(({ path }) => `\n  ${path}`).join("") +
    (more > 0 ? `\n  and ${more} more` : "");
}

async function membersOf(directory: string, base = ""): Promise<Member[]> {
  const found: Member[] = [];
  for await (const { name, isDirectory, isFile, isSymlink } of Deno.readDir(directory)) {
    const path = join(base, name);
    if (isDirectory) found.push(...await membersOf(join(directory, name), path));
    else if (isFile) {
      const { mode } = await Deno.stat(join(directory, name));
      found.push({ path, executable: ((mode ?? 0) & 0o111) !== 0 && !LIBRARY.test(name) });
    } else if (isSymlink) found.push({ path, executable: false });
  }
  return found;
}
