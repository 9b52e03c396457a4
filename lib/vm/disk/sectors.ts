import type { Host } from "../../node/process/host.ts";
import { NodeCommand } from "../../node/process/command.ts";
import { contentNode, driveParts } from "../qemu/devices.ts";
import { imageProgram } from "./image.ts";
import type { DiskRecord } from "./record.ts";
import { DiskError } from "../options/errors.ts";
import { NbdClient } from "../qemu/nbd.ts";
import type { Qemu } from "../qemu/qemu.ts";
import { tail } from "../../files/tail.ts";

/**
 * Reading and writing a disk from outside: by the QEMU that has it, so that both see the same; or, of a
 * machine that is switched off, by the file itself, or by qemu-nbd where that has a format. No errors
 * are made up here.
 */

/** Where and how a disk is reached. */
export interface SectorAccess {
  host: Host;
  /** The QEMU that has it now. */
  qemu: Qemu | undefined;
  /** For a socket. */
  socketPath: string;
  /** What was asked, for messages. */
  what: string;
  timeoutMs: number;
}

/** Bytes from a place on. */
export async function readDisk(
  access: SectorAccess,
  disk: DiskRecord,
  from: number,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!access.qemu && disk.spec.format === "raw") {
    using file = await Deno.open(disk.spec.path);
    await file.seek(from, Deno.SeekMode.Start);
    const data = new Uint8Array(bytes);
    for (let at = 0; at < bytes;) {
      const n = await file.read(data.subarray(at));
      if (n === null) throw new DiskError(`${access.what}: ${disk.spec.path} has become shorter`);
      at += n;
    }
    return data;
  }
  return await offered(access, disk, false, (client) => client.read(from, bytes));
}

/** Puts bytes from a place on. */
export async function writeDisk(
  access: SectorAccess,
  disk: DiskRecord,
  from: number,
  data: Uint8Array,
): Promise<void> {
  if (!access.qemu && disk.spec.format === "raw") {
    using file = await Deno.open(disk.spec.path, { write: true });
    await file.seek(from, Deno.SeekMode.Start);
    for (let at = 0; at < data.length;) at += await file.write(data.subarray(at));
    return;
  }
  await offered(access, disk, true, (client) => client.write(from, data));
}

function offered<T>(
  access: SectorAccess,
  disk: DiskRecord,
  writable: boolean,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { qemu } = access;
  return qemu
    ? offeredBy(qemu, access, disk, writable, act)
    : offeredOff(access, disk, writable, act);
}

/** Who serves already, and where: a QEMU has one such server. */
const serving = new WeakMap<Qemu, string>();

async function offeredBy<T>(
  qemu: Qemu,
  access: SectorAccess,
  { name, spec }: DiskRecord,
  writable: boolean,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { qmp, signal } = qemu;
  let path = serving.get(qemu);
  if (path === undefined) {
    path = access.socketPath;
    await qmp.execute("nbd-server-start", { addr: { type: "unix", data: { path } } });
    serving.set(qemu, path);
  }
  const id = `export-${spec.id}`;
  await qmp.execute("block-export-add", {
    type: "nbd",
    id,
    "node-name": contentNode(spec.id),
    name,
    writable,
  });
  const over = qmp.wait("BLOCK_EXPORT_DELETED", {
    timeoutMs: access.timeoutMs,
    where: (data) => data.id === id,
  });
  try {
    return await served(path, { ...access, name, signal }, act);
  } finally {
    await qmp.execute("block-export-del", { id, mode: "hard" });
    await over;
  }
}

async function offeredOff<T>(
  access: SectorAccess,
  { name, spec }: DiskRecord,
  writable: boolean,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { host, socketPath: path, what } = access;
  const command = new NodeCommand(host, imageProgram("qemu-nbd", what), {
    args: [
      ...["--socket", path, "--export-name", name],
      ...writable ? [] : ["--read-only"],
      `json:${JSON.stringify(nested({ ...spec, readOnly: !writable }))}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const ending = new AbortController();
  const child = command.spawn();
  const said = new Response(child.stderr).text();
  const ended = child.status.then(() => ending.abort());
  try {
    return await served(path, { ...access, name, signal: ending.signal }, act);
  } catch (error) {
    if (ending.signal.aborted) {
      throw new DiskError(`${what}: qemu-nbd ended:\n${tail(await said)}`, { cause: error });
    }
    throw error;
  } finally {
    try {
      child.kill("SIGTERM"); // With it go what it has not written yet, and the locks.
    } catch {
      // It ends by itself when its client has gone.
    }
    await Promise.all([ended, said]);
    await Deno.remove(path).catch(() => {});
  }
}

/** A disk's nodes in one object, as qemu-nbd takes it. */
function nested(spec: DiskRecord["spec"]): Record<string, unknown> {
  const { blockdevs } = driveParts({ ...spec, faults: undefined }, { bus: "", addr: "" });
  const byName = new Map(blockdevs.map((node) => [node["node-name"], node]));
  const resolve = (name: string): Record<string, unknown> => {
    const { "node-name": _, ...node } = byName.get(name)!;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key,
        typeof value === "string" && (key === "file" || key === "backing") ? resolve(value) : value,
      ]),
    );
  };
  return resolve(contentNode(spec.id));
}

async function served<T>(
  path: string,
  options: SectorAccess & { name: string; signal: AbortSignal },
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { what, timeoutMs, signal, name: exportName } = options;
  const client = await NbdClient.connect(path, { exportName, what, timeoutMs, signal });
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}
