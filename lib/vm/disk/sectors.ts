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
 * Reads and writes a disk from outside the guest: through the QEMU that has it, so that both see the same
 * data. If the machine is switched off: directly in a raw file, else through qemu-nbd. Injected errors do
 * not apply here.
 */

/** How to reach a disk. */
export interface SectorAccess {
  host: Host;
  /** The QEMU that has the disk now, if any. */
  qemu: Qemu | undefined;
  /** The path for an NBD socket. */
  socketPath: string;
  /** The call, for messages. */
  what: string;
  timeoutMs: number;
}

/** Reads bytes from an offset on. */
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
  return await viaNbd(access, disk, false, (client) => client.read(from, bytes));
}

/** Writes bytes from an offset on. */
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
  await viaNbd(access, disk, true, (client) => client.write(from, data));
}

function viaNbd<T>(
  access: SectorAccess,
  disk: DiskRecord,
  writable: boolean,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { qemu } = access;
  return qemu
    ? viaQemu(qemu, access, disk, writable, act)
    : viaQemuNbd(access, disk, writable, act);
}

/** The socket of each QEMU that has an NBD server; it can have one. */
const nbdServers = new WeakMap<Qemu, string>();

async function viaQemu<T>(
  qemu: Qemu,
  access: SectorAccess,
  { name, spec }: DiskRecord,
  writable: boolean,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const { qmp, signal } = qemu;
  let path = nbdServers.get(qemu);
  if (path === undefined) {
    path = access.socketPath;
    await qmp.execute("nbd-server-start", { addr: { type: "unix", data: { path } } });
    nbdServers.set(qemu, path);
  }
  const id = `export-${spec.id}`;
  await qmp.execute("block-export-add", {
    type: "nbd",
    id,
    "node-name": contentNode(spec.id),
    name,
    writable,
  });
  const deleted = qmp.wait("BLOCK_EXPORT_DELETED", {
    timeoutMs: access.timeoutMs,
    where: (data) => data.id === id,
  });
  try {
    return await withClient(path, { ...access, name, signal }, act);
  } finally {
    await qmp.execute("block-export-del", { id, mode: "hard" });
    await deleted;
  }
}

async function viaQemuNbd<T>(
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
  }, { own: true });
  const ending = new AbortController();
  const child = command.spawn();
  const output = new Response(child.stderr).text();
  const ended = child.status.then(() => ending.abort());
  try {
    return await withClient(path, { ...access, name, signal: ending.signal }, act);
  } catch (error) {
    if (ending.signal.aborted) {
      throw new DiskError(`${what}: qemu-nbd ended:\n${tail(await output)}`, { cause: error });
    }
    throw error;
  } finally {
    try {
      child.kill("SIGTERM"); // It then writes what it has buffered, and releases its locks.
    } catch {
      // It has ended already, since its client disconnected.
    }
    await Promise.all([ended, output]);
    await Deno.remove(path).catch(() => {});
  }
}

/** Returns the block nodes of a disk as one nested object, for qemu-nbd. */
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

async function withClient<T>(
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
