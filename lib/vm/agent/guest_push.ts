import { GuestFileError } from "../options/errors.ts";
import { exec, newMark } from "./exec.ts";
import type { GuestContext } from "./guest_context.ts";
import { absolute, readFile, WRITE_BYTES, writeFile } from "./guest_files.ts";
import { stat } from "./guest_stat.ts";
import { tarEnd, type TarEntry, tarHeader, tarPadding } from "./tar.ts";

const PERMISSIONS = 0o7777;

/** Copies a file or a directory of the host into the guest. */
export async function pushFile(
  context: GuestContext,
  hostPath: string,
  guestPath: string,
): Promise<void> {
  const what = `${context.label}: pushFile(${JSON.stringify(hostPath)}, ${
    JSON.stringify(guestPath)
  })`;
  const info = await Deno.stat(hostPath).catch((cause) => {
    throw hostError(what, hostPath, cause);
  });
  if (info.isDirectory) return await pushDirectory(context, hostPath, guestPath, what);
  if (!info.isFile) {
    throw new GuestFileError(
      `${what}: on the host, it is neither a file nor a directory`,
      hostPath,
    );
  }
  const mode = (info.mode ?? 0o644) & PERMISSIONS;
  await writeFile(context, guestPath, fileParts(hostPath, what), { mode }, what);
}

/** Copies a file of the guest to the host. */
export async function pullFile(
  context: GuestContext,
  guestPath: string,
  hostPath: string,
): Promise<void> {
  const what = `${context.label}: pullFile(${JSON.stringify(guestPath)}, ${
    JSON.stringify(hostPath)
  })`;
  const { mode } = await stat(context, guestPath);
  const data = await readFile(context, guestPath, what);
  try {
    await Deno.writeFile(hostPath, data, { mode });
  } catch (error) {
    throw hostError(what, hostPath, error);
  }
}

const UNPACK = 'mkdir -p "$2" && tar -xpof "$1" -C "$2"; status=$?; rm -f "$1"; exit $status';

/** Sends an archive: each file by itself would cost several calls, and its mode a program. */
async function pushDirectory(
  context: GuestContext,
  hostPath: string,
  guestPath: string,
  what: string,
): Promise<void> {
  const entries = await walk(hostPath, what);
  const archive = `/tmp/netyard-${newMark()}.tar`;
  let sent = false;
  try {
    await writeFile(context, archive, pack(hostPath, entries, what), { mode: 0o600 }, what);
    sent = true;
  } finally {
    if (!sent) await exec(context, { path: "rm", arg: ["-f", archive] }, what).catch(() => {});
  }
  const { code, stderr } = await exec(
    context,
    { path: "/bin/sh", arg: ["-c", UNPACK, "sh", archive, absolute(guestPath)] },
    what,
  );
  if (code !== 0) throw new GuestFileError(`${what}: ${stderr || `exit code ${code}`}`, guestPath);
}

/** Lists everything below a directory, sorted; each directory comes before its content. */
async function walk(root: string, what: string, below = ""): Promise<TarEntry[]> {
  const found: TarEntry[] = [];
  for (const name of await names(`${root}/${below}`, what)) {
    const path = below + name;
    const full = `${root}/${path}`;
    const { mode, mtime, size, isDirectory, isFile, isSymlink } = await Deno.lstat(full);
    const entry = {
      name: path,
      mode: (mode ?? 0o644) & PERMISSIONS,
      mtime: (mtime?.getTime() ?? 0) / 1000,
    };
    if (isDirectory) {
      found.push({ ...entry, kind: "directory" }, ...await walk(root, what, `${path}/`));
    } else if (isSymlink) {
      found.push({ ...entry, kind: "symlink", target: await Deno.readLink(full) });
    } else if (isFile) {
      found.push({ ...entry, kind: "file", size });
    } else {
      throw new GuestFileError(
        `${what}: ${full} of the host is not a file, directory or symbolic link; nothing was copied`,
        full,
      );
    }
  }
  return found;
}

async function names(directory: string, what: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    return entries.map(({ name }) => name).sort();
  } catch (error) {
    throw hostError(what, directory, error);
  }
}

/** Yields the archive in parts of the size of a request. */
async function* pack(
  root: string,
  entries: TarEntry[],
  what: string,
): AsyncGenerator<Uint8Array> {
  const part = new Uint8Array(WRITE_BYTES);
  let length = 0;
  for await (const piece of pieces(root, entries, what)) {
    for (let at = 0; at < piece.length;) {
      const taken = piece.subarray(at, at + WRITE_BYTES - length);
      part.set(taken, length);
      length += taken.length;
      at += taken.length;
      if (length < WRITE_BYTES) continue;
      yield part;
      length = 0;
    }
  }
  if (length > 0) yield part.subarray(0, length);
}

async function* pieces(
  root: string,
  entries: TarEntry[],
  what: string,
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield* tarHeader(entry);
    if (entry.kind !== "file") continue;
    // Its size is in the header already: data appended meanwhile is left out.
    let left = entry.size;
    for await (const part of fileParts(`${root}/${entry.name}`, what)) {
      yield part.subarray(0, left);
      left -= Math.min(left, part.length);
      if (left === 0) break;
    }
    if (left > 0) {
      throw new GuestFileError(
        `${what}: ${entry.name} of the host became shorter while it was read`,
        entry.name,
      );
    }
    yield tarPadding(entry.size);
  }
  yield tarEnd();
}

async function* fileParts(path: string, what: string): AsyncGenerator<Uint8Array> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw hostError(what, path, error);
  }
  using _ = file;
  const buffer = new Uint8Array(WRITE_BYTES);
  for (let n: number | null; (n = await file.read(buffer)) !== null;) yield buffer.subarray(0, n);
}

function hostError(what: string, path: string, cause: unknown): GuestFileError {
  const reason = cause instanceof Deno.errors.NotFound
    ? "there is no such file or directory on the host"
    : `on the host: ${(cause as Error).message}`;
  return new GuestFileError(`${what}: ${path}: ${reason}`, path, { cause });
}
