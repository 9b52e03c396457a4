import { type KvmTrial, readTrial, writeTrial } from "./cache.ts";
import { KVM_DEVICE, type KvmGuestMode } from "./guest.ts";
import { closeFd, O_RDWR, openFd, pathExists, readFileText, SyscallError } from "../libc.ts";

export type { KvmTrial } from "./cache.ts";

/** How long a trial may take, in milliseconds. Where KVM works it takes a tenth of that. */
const TRIAL_MS = 2000;

let known: Promise<KvmTrial> | undefined;

/**
 * Whether KVM runs ordinary guests, and how that is known. The answer is found once a process; what
 * only a trial guest can tell is noted until the next boot, or a no for ten minutes, where there is a
 * directory for it.
 *
 * That `/dev/kvm` is there and opens does not tell it: where the kernel itself is a guest, KVM may
 * make machines that hang, or that run a thousand times slower than QEMU's own emulation.
 *
 * @param timeoutMs What a trial may take; a guest that is not done by then does not work.
 */
export function kvmWorks(timeoutMs: number = TRIAL_MS): Promise<KvmTrial> {
  return known ??= findOut(timeoutMs);
}

async function findOut(timeoutMs: number): Promise<KvmTrial> {
  const obstacle = kvmObstacle();
  if (obstacle) return obstacle;
  const noted = readTrial();
  if (noted) return noted;
  const { goodForMs, ...trial } = await tryKvm(
    Deno.build.arch === "x86_64" ? "long" : "create",
    timeoutMs,
  );
  if (goodForMs > 0) writeTrial(trial, goodForMs);
  return trial;
}

/** What {@linkcode kvmObstacle} looks at. */
export interface KvmFacts {
  /** Whether `/dev/kvm` exists. */
  present: boolean;
  /** Why it cannot be opened, if so. */
  refusal?: { code: string; message: string };
  /** Whether the kernel's pvm module is loaded. */
  pvm: boolean;
  /** The text of `/proc/cpuinfo` where the host is of x86, whose processors tell of it there. */
  cpuinfo?: string;
}

/** Why KVM cannot work, as far as a look tells; undefined if it may. It takes no privilege. */
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
      `${KVM_DEVICE} is that of the pvm module, which runs guests made for it and no others`,
    );
  }
  if (!virtualizes) {
    return no(
      `${KVM_DEVICE} is there, and the processor offers no virtualization (no vmx or svm flag)`,
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

/** What came of a trial. */
export interface FreshKvmTrial extends KvmTrial {
  /** How long another trial would say the same, in milliseconds; never beyond the next boot. */
  goodForMs: number;
}

/**
 * A no is asked again some time later: other work may have made the guest late, and another
 * hypervisor may have held the processor.
 */
const NO_GOOD_FOR_MS = 10 * 60_000;
/** What a killed process gets to go, in milliseconds. */
const GONE_MS = 1000;

/**
 * Tries a guest, whatever a look at the host says, in a process that is killed when it takes too
 * long: a thread that waits in KVM cannot be ended.
 *
 * @param mode The guest's mode, or `create` for a machine that is not started.
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
    return { ok: false, detail: "KVM was not tried, which takes --allow-run", goodForMs: 0 };
  }
  const output = child.output();
  if (!await within(output, timeoutMs)) {
    child.kill("SIGKILL");
    // A kernel that does not let go of it keeps nobody else waiting.
    if (!await within(output, GONE_MS)) child.unref();
    const detail = `${KVM_DEVICE} is there, and a guest of a few instructions was not done with ` +
      `them after ${timeoutMs} ms`;
    return { ok: false, detail, goodForMs: NO_GOOD_FOR_MS };
  }
  const { stdout, stderr } = await output;
  const said = new TextDecoder().decode(stdout).trim();
  if (said === "ok") return { ok: true, detail: "works", goodForMs: Infinity };
  if (said !== "") return { ok: false, detail: said, goodForMs: NO_GOOD_FOR_MS };
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return { ok: false, detail: `KVM's trial failed: ${lastLine}`, goodForMs: 0 };
}

function startTrial(mode: KvmGuestMode | "create"): Deno.ChildProcess {
  // No configuration, lock file or prompt: what is started here is this package's alone.
  const flags = ["--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-check"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-ffi", import.meta.resolve("./main.ts"), mode],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Whether something is there before the time is up. */
async function within(something: Promise<unknown>, timeMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(resolve, timeMs, false));
  return await Promise.race([something.then(() => true), late]).finally(() => clearTimeout(timer));
}
