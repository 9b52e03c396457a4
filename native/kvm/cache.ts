import { readFileText } from "../libc.ts";

/** Whether KVM runs ordinary guests, and why or why not. */
export interface KvmTrial {
  ok: boolean;
  /** `works`, or the obstacle. */
  detail: string;
  /** What to do, if anything helps, as an imperative without a full stop. */
  remedy?: string;
}

// The processor and the kernel's modules stay the same until the next boot, or the next kernel.
const KEY_FILES = ["/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease"];

function key(): string {
  return KEY_FILES.map((file) => readFileText(file).trim()).join(" ");
}

/**
 * The directory of the cache: `$NETYARD_CACHE`, `$XDG_CACHE_HOME/netyard` or `~/.cache/netyard`;
 * undefined if this process can read none of these variables.
 */
function cacheDirectory(): string | undefined {
  const variable = (name: string) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
      ? Deno.env.get(name) || undefined
      : undefined;
  const own = variable("NETYARD_CACHE");
  if (own !== undefined) return own;
  const home = variable("HOME");
  const base = variable("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  return base && `${base}/netyard`;
}

/** Reads the result of a trial since this boot, with this kernel; undefined if there is none. */
export function readTrial(directory: string | undefined = cacheDirectory()): KvmTrial | undefined {
  if (directory === undefined) return undefined;
  try {
    const saved = JSON.parse(Deno.readTextFileSync(`${directory}/kvm.json`));
    const { ok, detail, until } = saved;
    const usable = saved.key === key() && typeof ok === "boolean" && typeof detail === "string" &&
      (until === null || Date.now() < until);
    return usable ? { ok, detail } : undefined;
  } catch {
    return undefined; // No file, no permission, or no JSON: the trial is repeated.
  }
}

/** Saves the result of a trial for some time, if possible: without it, a start is only slower. */
export function writeTrial(
  { ok, detail }: KvmTrial,
  goodForMs: number = Infinity,
  directory: string | undefined = cacheDirectory(),
): void {
  if (directory === undefined) return;
  const until = Number.isFinite(goodForMs) ? Date.now() + goodForMs : null;
  const text = JSON.stringify({ key: key(), ok, detail, until });
  const temporary = `${directory}/kvm.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(directory, { recursive: true });
    // Renamed, so that no process reads an incomplete file.
    Deno.writeTextFileSync(temporary, text);
    Deno.renameSync(temporary, `${directory}/kvm.json`);
  } catch {
    // No permission, or a full disk.
  }
}
