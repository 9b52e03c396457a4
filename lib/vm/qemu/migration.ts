import { VmError } from "../options/errors.ts";
import type { Qemu } from "./qemu.ts";

/**
 * Saves and loads the state of a machine's devices and processors, with QEMU's migration to a socket of
 * ours. The guest's memory is a shared file, which the migration leaves out.
 *
 * Source: QEMU's docs/devel/migration/main.
 */

const CAPABILITIES = [
  { capability: "events", state: true },
  { capability: "x-ignore-shared", state: true },
];

const ended = (data: Record<string, unknown>) =>
  data.status === "completed" || data.status === "failed";

/** Saves the state of a paused machine. `path` is for a temporary socket. */
export async function saveState(qemu: Qemu, path: string, timeoutMs: number): Promise<Uint8Array> {
  const { qmp } = qemu;
  const listener = Deno.listen({ transport: "unix", path });
  try {
    await qmp.execute("migrate-set-capabilities", { capabilities: CAPABILITIES });
    const end = qmp.wait("MIGRATION", { timeoutMs, where: ended });
    await qmp.execute("migrate", { uri: `unix:${path}` });
    const [state] = await Promise.all([receive(listener, end), end]);
    await mustHaveCompleted(qemu, "saving its state");
    return state;
  } finally {
    listener.close();
    await Deno.remove(path).catch(() => {});
  }
}

/** Loads a state into a QEMU that was started with `incoming`; the machine is paused afterwards. */
export async function loadState(
  qemu: Qemu,
  path: string,
  state: Uint8Array,
  timeoutMs: number,
): Promise<void> {
  const { qmp } = qemu;
  await qmp.execute("migrate-set-capabilities", { capabilities: CAPABILITIES });
  const end = qmp.wait("MIGRATION", { timeoutMs, where: ended });
  await qmp.execute("migrate-incoming", { uri: `unix:${path}` });
  const conn = await Deno.connect({ transport: "unix", path });
  try {
    for (let at = 0; at < state.length;) at += await conn.write(state.subarray(at));
  } catch {
    // QEMU refused the data: query-migrate has the reason.
  } finally {
    conn.close();
  }
  await end;
  await mustHaveCompleted(qemu, "loading its state");
}

async function mustHaveCompleted({ qmp, hint }: Qemu, what: string): Promise<void> {
  const { status, "error-desc": why } = await qmp.execute("query-migrate");
  if (status === "completed") return;
  throw new VmError(`${what} failed: ${why ?? `it is ${status}`}${hint && `\n${hint}`}`);
}

/** Returns everything that the first connection sends. */
async function receive(listener: Deno.Listener, end: Promise<unknown>): Promise<Uint8Array> {
  // A migration that failed before it began never connects.
  const conn = await Promise.race([listener.accept(), end.then(() => undefined)]);
  if (!conn) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  for await (const chunk of conn.readable) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
