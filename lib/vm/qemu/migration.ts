import { VmError } from "../options/errors.ts";
import type { Qemu } from "./qemu.ts";

/**
 * Saving and loading the state of a machine's devices and processors: that is QEMU's migration, into
 * a socket of ours. The guest's memory is a file, which is left out.
 *
 * Source: QEMU's docs/devel/migration/main.
 */

const CAPABILITIES = [
  { capability: "events", state: true },
  { capability: "x-ignore-shared", state: true },
];

const ended = (data: Record<string, unknown>) =>
  data.status === "completed" || data.status === "failed";

/** Saves the state of a machine that stands still. `path` is for a socket. */
export async function saveState(qemu: Qemu, path: string, timeoutMs: number): Promise<Uint8Array> {
  const { qmp } = qemu;
  const listener = Deno.listen({ transport: "unix", path });
  try {
    await qmp.execute("migrate-set-capabilities", { capabilities: CAPABILITIES });
    const over = qmp.wait("MIGRATION", { timeoutMs, where: ended });
    await qmp.execute("migrate", { uri: `unix:${path}` });
    const [state] = await Promise.all([receive(listener, over), over]);
    await mustHaveCompleted(qemu, "saving its state");
    return state;
  } finally {
    listener.close();
    await Deno.remove(path).catch(() => {});
  }
}

/** Has a QEMU that was started for it take a state over; the machine stands still then. */
export async function loadState(
  qemu: Qemu,
  path: string,
  state: Uint8Array,
  timeoutMs: number,
): Promise<void> {
  const { qmp } = qemu;
  await qmp.execute("migrate-set-capabilities", { capabilities: CAPABILITIES });
  const over = qmp.wait("MIGRATION", { timeoutMs, where: ended });
  await qmp.execute("migrate-incoming", { uri: `unix:${path}` });
  const conn = await Deno.connect({ transport: "unix", path });
  try {
    for (let at = 0; at < state.length;) at += await conn.write(state.subarray(at));
  } catch {
    // QEMU read what it cannot use: it says so.
  } finally {
    conn.close();
  }
  await over;
  await mustHaveCompleted(qemu, "loading its state");
}

async function mustHaveCompleted({ qmp, hint }: Qemu, what: string): Promise<void> {
  const { status, "error-desc": why } = await qmp.execute("query-migrate");
  if (status === "completed") return;
  throw new VmError(`${what} failed: ${why ?? `it is ${status}`}${hint && `\n${hint}`}`);
}

/** All that comes by the first connection. */
async function receive(listener: Deno.Listener, over: Promise<unknown>): Promise<Uint8Array> {
  // A migration that failed before it began never connects.
  const conn = await Promise.race([listener.accept(), over.then(() => undefined)]);
  if (!conn) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  for await (const chunk of conn.readable) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
