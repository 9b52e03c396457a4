import { type KvmTrial, readTrial, writeTrial } from "./kvm_cache.ts";
import { KVM_DEVICE, type KvmGuestMode } from "./kvm_guest.ts";
import { closeFd, O_RDWR, openFd, pathExists, readFileText } from "./libc.ts";

export type { KvmTrial } from "./kvm_cache.ts";

/** How long a trial may take, in milliseconds. Where KVM works it takes a tenth of that. */
const TRIAL_MS = 2000;

let known: Promise<KvmTrial> | undefined;

/**
 * Whether KVM runs ordinary guests, and how that is known. The answer is found once a process; what
 * only a trial guest can tell is found once a boot, if there is a directory to note it in.
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
  if (obstacle !== undefined) return { ok: false, detail: obstacle };
  const noted = readTrial();
  if (noted) return noted;
  const trial = await tryKvm(Deno.build.arch === "x86_64" ? "long" : "create", timeoutMs);
  if (trial.conclusive) writeTrial({ ok: trial.ok, detail: trial.detail });
  return { ok: trial.ok, detail: trial.detail };
}

/** What {@linkcode kvmObstacle} looks at. */
export interface KvmFacts {
  /** Whether `/dev/kvm` exists. */
  present: boolean;
  /** Why it cannot be opened, if so. */
  refusal?: string;
  /** Whether the kernel's pvm module is loaded. */
  pvm: boolean;
  /** The text of `/proc/cpuinfo` where the host is of x86, whose processors tell of it there. */
  cpuinfo?: string;
}

/** Why KVM cannot work, as far as a look tells; undefined if it may. It takes no privilege. */
export function kvmObstacle(facts: KvmFacts = kvmFacts()): string | undefined {
  if (!facts.present) return `there is no ${KVM_DEVICE}`;
  if (facts.pvm) {
    return `${KVM_DEVICE} is that of the pvm module, which runs guests made for it and no others`;
  }
  if (facts.cpuinfo !== undefined && !/^flags\s*:.*\b(vmx|svm)\b/m.test(facts.cpuinfo)) {
    return `${KVM_DEVICE} is there, and the processor offers no virtualization (no vmx or svm flag)`;
  }
  return facts.refusal;
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

function refusal(): string | undefined {
  try {
    closeFd(openFd(KVM_DEVICE, O_RDWR));
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Tries a guest, whatever a look at the host says, in a process that is killed when it takes too
 * long: a thread that waits in KVM cannot be ended.
 *
 * @param mode The guest's mode, or `create` for a machine that is not started.
 * @returns The answer, and whether a later trial would give the same.
 */
export async function tryKvm(
  mode: KvmGuestMode | "create",
  timeoutMs: number = TRIAL_MS,
): Promise<KvmTrial & { conclusive: boolean }> {
  const inconclusive = (detail: string) => ({ ok: false, detail, conclusive: false });
  if (Deno.permissions.querySync({ name: "run" }).state !== "granted") {
    return inconclusive("KVM was not tried, which takes --allow-run");
  }
  // No configuration, lock file or prompt: what is started here is this package's alone.
  const flags = ["--quiet", "--no-config", "--no-lock", "--no-prompt", "--no-check"];
  const main = import.meta.resolve("./kvm_main.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-ffi", main, mode],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const { stdout, stderr } = await child.output().finally(() => clearTimeout(timer));
  if (late) {
    const detail = `${KVM_DEVICE} is there, and a guest of a few instructions was not done with ` +
      `them after ${timeoutMs} ms`;
    return inconclusive(detail);
  }
  const said = new TextDecoder().decode(stdout).trim();
  if (said === "ok") return { ok: true, detail: "works", conclusive: true };
  if (said !== "") return { ok: false, detail: said, conclusive: true };
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return inconclusive(`KVM's trial failed: ${lastLine}`);
}
