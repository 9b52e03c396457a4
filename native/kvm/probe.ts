/**
 * A test whether KVM runs ordinary guests: facts and saved results first (`probe.ts`, `cache.ts`), then
 * a trial guest (`guest.ts`) in a process of its own (`main.ts`). Imports `libc`, `arena` and `memory`
 * of `native`. Begin with `probe.ts`.
 *
 * @module
 */

import { type KvmTrial, readTrial, writeTrial } from "./cache.ts";
import { KVM_DEVICE, type KvmGuestMode } from "./guest.ts";
import { closeFd, O_RDWR, openFd, pathExists, readFileText, SyscallError } from "../libc.ts";

export type { KvmTrial } from "./cache.ts";

/** The time limit of a trial, in milliseconds. With a working KVM it takes a tenth of that. */
const TRIAL_MS = 2000;

let known: Promise<KvmTrial> | undefined;

/**
 * Whether KVM runs ordinary guests, and why or why not. A process determines it once. The result of a
 * trial guest is saved, if there is a directory for it: a success until the next boot, a failure for ten
 * minutes.
 *
 * That `/dev/kvm` exists and opens is no proof: if the kernel itself runs in a guest, KVM may make
 * machines that hang, or that run a thousand times slower than QEMU's own emulation.
 *
 * @param timeoutMs The time limit of a trial; a guest that takes longer counts as not working.
 */
export function kvmWorks(timeoutMs: number = TRIAL_MS): Promise<KvmTrial> {
  return known ??= findOut(timeoutMs);
}

async function findOut(timeoutMs: number): Promise<KvmTrial> {
  const obstacle = kvmObstacle();
  if (obstacle) return obstacle;
  const saved = readTrial();
  if (saved) return saved;
  const { goodForMs, ...trial } = await tryKvm(
    Deno.build.arch === "x86_64" ? "long" : "create",
    timeoutMs,
  );
  if (goodForMs > 0) writeTrial(trial, goodForMs);
  return trial;
}

/** The facts for {@linkcode kvmObstacle}. */
export interface KvmFacts {
  /** Whether `/dev/kvm` exists. */
  present: boolean;
  /** Why it cannot be opened, if it cannot. */
  refusal?: { code: string; message: string };
  /** Whether the kernel's pvm module is loaded. */
  pvm: boolean;
  /** The text of `/proc/cpuinfo` on x86, where it has the flags for virtualization. */
  cpuinfo?: string;
}

/** Finds why KVM cannot work, without a trial; undefined if it may work. Needs no privileges. */
export function kvmObstacle(facts: KvmFacts = kvmFacts()): KvmTrial | undefined {
  const { present, refusal, pvm, cpuinfo } = facts;
  const no = (detail: string) => ({ ok: false, detail });
  const virtualizes = cpuinfo === undefined || /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo);
  if (!present) {
    const missing = no(`there is no ${KVM_DEVICE}`);
    if (cpuinfo === undefined || !virtualizes) return missing;
    const driver = /\bvmx\b/.test(cpuinfo) ? "kvm_intel" : "kvm_amd";
    return { ...missing, remedy: `load the driver: \`sudo modprobe ${driver}\`` };
  }
  if (pvm) {
    return no(
      `${KVM_DEVICE} belongs to the pvm module, which runs only guests that are made for it`,
    );
  }
  if (!virtualizes) {
    return no(
      `${KVM_DEVICE} exists, but the processor offers no virtualization (no vmx or svm flag)`,
    );
  }
  if (!refusal) return undefined;
  if (refusal.code !== "EACCES") return no(refusal.message);
  const remedy = "let this user open it: `sudo usermod -aG kvm $USER`, and log in again";
  return { ...no(refusal.message), remedy };
}

function kvmFacts(): KvmFacts {
  const present = pathExists(KVM_DEVICE);
  const x86 = Deno.build.arch === "x86_64";
  return {
    present,
    ...present ? { refusal: refusal() } : {},
    pvm: pathExists("/sys/module/kvm_pvm"),
    ...x86 ? { cpuinfo: readFileText("/proc/cpuinfo") } : {},
  };
}

function refusal(): KvmFacts["refusal"] {
  try {
    closeFd(openFd(KVM_DEVICE, O_RDWR));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** The result of a trial. */
export interface FreshKvmTrial extends KvmTrial {
  /** How long the result is valid, in milliseconds; never beyond the next boot. */
  goodForMs: number;
}

/**
 * A failure is valid for some time only: other work may have delayed the guest, or another hypervisor
 * may have used the processor.
 */
const FAILURE_GOOD_FOR_MS = 10 * 60_000;
/** The time for a killed process to end, in milliseconds. */
const KILL_MS = 1000;

/**
 * Runs a trial guest, whatever {@linkcode kvmObstacle} says, in a process that is killed when it takes
 * too long: a thread that waits in KVM cannot be ended.
 *
 * @param mode The mode of the guest, or `create` for a machine that is not started.
 */
export async function tryKvm(
  mode: KvmGuestMode | "create",
  timeoutMs: number = TRIAL_MS,
): Promise<FreshKvmTrial> {
  let child: Deno.ChildProcess;
  try {
    child = startTrial(mode);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return { ok: false, detail: "KVM was not tried, because that needs --allow-run", goodForMs: 0 };
  }
  const output = child.output();
  if (!await within(output, timeoutMs)) {
    child.kill("SIGKILL");
    // A kernel that does not end it must not delay this process.
    if (!await within(output, KILL_MS)) child.unref();
    const detail = `${KVM_DEVICE} exists, but a guest of a few instructions did not finish ` +
      `within ${timeoutMs} ms`;
    return { ok: false, detail, goodForMs: FAILURE_GOOD_FOR_MS };
  }
  const { stdout, stderr } = await output;
  const said = new TextDecoder().decode(stdout).trim();
  if (said === "ok") return { ok: true, detail: "works", goodForMs: Infinity };
  if (said !== "") return { ok: false, detail: said, goodForMs: FAILURE_GOOD_FOR_MS };
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return { ok: false, detail: `KVM's trial failed: ${lastLine}`, goodForMs: 0 };
}

function startTrial(mode: KvmGuestMode | "create"): Deno.ChildProcess {
  // No configuration, lock file or prompt: the trial runs only code of this package.
  const flags = ["--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-check"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-ffi", import.meta.resolve("./main.ts"), mode],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Whether a promise settles within a time. */
async function within(something: Promise<unknown>, timeMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<false>((resolve) => timer = setTimeout(resolve, timeMs, false));
  return await Promise.race([something.then(() => true), timeout]).finally(() =>
    clearTimeout(timer)
  );
}
