import { hasCapabilities } from "../../native/process/capabilities.ts";
import { kvmWorks } from "../../native/kvm/probe.ts";
import { libc, MissingPermissionError, readFileText } from "../../native/libc.ts";
import { nftablesBackend } from "../../native/nftables.ts";
import { findProgram } from "../../native/process/process.ts";
import { findUsernsObstacle } from "../../native/process/reexec.ts";
import { type HostFacts, type LabFacts, type PermissionName, PERMISSIONS } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { PROGRAMS } from "./install.ts";
import { readOsRelease } from "./os_release.ts";
import { hostFindings, HostNotCapableError, labFindings } from "./preflight.ts";
import { locateProgram } from "./programs.ts";
import { nothingTried, tryInScratch } from "./scratch.ts";

let capable = false;

/**
 * Makes sure that a lab can be built here. It starts no process and takes less
 * than two milliseconds; once it passed, it costs nothing.
 *
 * @throws {HostNotCapableError} with everything that is missing, and what to do about it.
 *
 * @example
 * ```ts
 * import { requireLab } from "./probe.ts";
 *
 * requireLab();
 * ```
 */
export function requireLab(): void {
  if (capable) return;
  const missing = labFindings(labFacts()).filter((finding) => !finding.ok);
  if (missing.length > 0) throw new HostNotCapableError(missing);
  capable = true;
}

/**
 * Looks at everything that Netyard uses, trying it out in a scratch namespace
 * where that is the only way to know. Takes a few tens of milliseconds; once a boot KVM's trial
 * comes on top of it, which takes up to two seconds.
 *
 * @example
 * ```ts
 * import { checkHost } from "./probe.ts";
 *
 * for (const { ok, title } of await checkHost()) console.log(ok, title);
 * ```
 */
export async function checkHost(): Promise<Finding[]> {
  return hostFindings(await hostFacts());
}

/** Gathers what {@link requireLab} decides by. */
export function labFacts(): LabFacts {
  const { os } = Deno.build;
  const deno = Deno.version.deno;
  const loaded = libcState();
  if (loaded.libc !== "ok") return { os, deno, ...loaded, privilege: "none", osRelease: "" };
  return {
    os,
    deno,
    ...loaded,
    privilege: privilege(),
    // A program that is there and may be called needs no look for the library.
    nftables: isGranted("run") && findProgram("nft") ? "nft" : nftablesBackend(),
    osRelease: readOsRelease(),
  };
}

function libcState(): Pick<LabFacts, "libc" | "loaderError"> {
  if (Deno.build.os !== "linux") return { libc: "no glibc" };
  try {
    libc();
    return { libc: "ok" };
  } catch (error) {
    if (error instanceof MissingPermissionError) return { libc: "no permission" };
    return { libc: "no glibc", loaderError: (error as Error).message };
  }
}

function privilege(): LabFacts["privilege"] {
  if (!hasCapabilities()) return "none";
  // The first namespace maps all user ids onto themselves (user_namespaces(7)).
  const map = readFileText("/proc/self/uid_map");
  return /^\s*0\s+0\s+4294967295\s*$/.test(map) ? "root" : "user namespace";
}

function isGranted(name: PermissionName): boolean {
  return Deno.permissions.querySync({ name }).state === "granted";
}

/** Gathers all that {@link checkHost} tells. */
export async function hostFacts(): Promise<HostFacts> {
  const lab = labFacts();
  const permissions = forEach(PERMISSIONS, isGranted);
  if (lab.libc !== "ok") {
    return { ...lab, permissions, ...nothingTried() };
  }
  const programs = forEach(PROGRAMS, locateProgram);
  const { tc, unshare, mount } = programs;
  const callable = permissions.run
    ? { tc: tc?.path, unshare: unshare?.path, mount: mount?.path }
    : {};
  return {
    ...lab,
    ...lab.privilege === "none"
      ? { ...nothingTried(), obstacle: findUsernsObstacle() }
      : await tryInScratch(callable),
    nftables: nftablesBackend(),
    permissions,
    programs,
    kvm: await kvmWorks(),
    openFiles: openFileLimit(),
  };
}

function forEach<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

function openFileLimit(): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileText("/proc/self/limits"))?.[1];
  return soft === undefined ? undefined : Number(soft);
}
