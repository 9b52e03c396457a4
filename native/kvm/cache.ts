import { readFileText } from "../libc.ts";

/** Whether KVM runs ordinary guests, and how that is known. */
export interface KvmTrial {
  ok: boolean;
  /** `works`, or what is in the way. */
  detail: string;
  /** What to do about it, as an imperative without a full stop, where something can be done. */
  remedy?: string;
}

// A guest's processor and modules stay what they are until the next boot, or the next kernel.
const KEY_FILES = ["/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease"];

function key(): string {
  return KEY_FILES.map((file) => readFileText(file).trim()).join(" ");
}

/**
 * Where answers are noted: `$NETYARD_CACHE`, `$XDG_CACHE_HOME/netyard` or `~/.cache/netyard`;
 * undefined where this process knows of none.
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

/** The answer that a trial gave since this boot, under this kernel; undefined if there is none. */
export function readTrial(directory: string | undefined = cacheDirectory()): KvmTrial | undefined {
  if (directory === undefined) return undefined;
  try {
    const noted = JSON.parse(Deno.readTextFileSync(`${directory}/kvm.json`));
    const { ok, detail, until } = noted;
    const usable = noted.key === key() && typeof ok === "boolean" && typeof detail === "string" &&
      (until === null || Date.now() < until);
    return usable ? { ok, detail } : undefined;
  } catch {
    return undefined; // no file, no permission, or no JSON: the trial is made again
  }
}

/** Notes a trial's answer for this time, where that can be done; it is only quicker then. */
export function writeTrial(
  { ok, detail }: KvmTrial,
  goodForMs: number = Infinity,
  directory: string | undefined = cacheDirectory(),
): void {
  if (directory === undefined) return;
  const until = Number.isFinite(goodForMs) ? Date.now() + goodForMs : null;
  const note = JSON.stringify({ key: key(), ok, detail, until });
  const own = `${directory}/kvm.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(directory, { recursive: true });
    // By way of another name, so that nobody reads half of it.
    Deno.writeTextFileSync(own, note);
    Deno.renameSync(own, `${directory}/kvm.json`);
  } catch {
    // Without permission, or on a full disk.
  }
}
