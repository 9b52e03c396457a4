import { type Finding, fromTrial, type Trial } from "../host/finding.ts";
import { CacheError } from "../files/cache.ts";
import { tinyBootFilesKept } from "../vm/tiny/boot_files.ts";

/** Whether what machines of the profile `tiny` boot from is in the cache already. */
export async function tinyFinding(): Promise<Finding> {
  return fromTrial({
    id: "vm-tiny",
    title: 'boot files of the profile "tiny"',
    needed: "feature",
    feature: "virtual machines",
    remedy: "nothing to do as root: the first boot makes them; else run `netyard prepare` once",
  }, await look());
}

async function look(): Promise<Trial> {
  for (const name of ["read", "env"] as const) {
    if (Deno.permissions.querySync({ name }).state !== "granted") return undefined;
  }
  try {
    const directory = await tinyBootFilesKept();
    return { ok: directory !== undefined, detail: directory ?? "not made yet" };
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    return { ok: false, detail: error.message };
  }
}
