import type { KvmTrial } from "../../native/kvm/probe.ts";
import type { Obstacle } from "../../native/process/userns.ts";
import type { Trial } from "./finding.ts";
import type { Program } from "./install.ts";

/** What tells whether a lab can be built here; gathering it costs less than two milliseconds. */
export interface LabFacts {
  /** `Deno.build.os`. */
  os: string;
  /** `Deno.version.deno`. */
  deno: string;
  /** Whether libc could be called, or why not. */
  libc: "ok" | "no permission" | "no glibc";
  /** With "no glibc": what the loader said. */
  loaderError?: string;
  /** Whether the process has CAP_NET_ADMIN and CAP_SYS_ADMIN: of the host or of a user namespace. */
  privilege: "root" | "user namespace" | "none";
  /** Without privilege, and looked for: what keeps it from being had in a user namespace. */
  obstacle?: Obstacle;
  /** How rulesets get into the kernel: `libnftables`, `nft`. */
  nftables?: string;
  /** The text of os-release(5). */
  osRelease: string;
}

/** The Deno permissions that features need. Labs need FFI, which is looked at by its use. */
export const PERMISSIONS = ["run", "read", "write", "env", "net", "sys"] as const;

/** One of them. */
export type PermissionName = (typeof PERMISSIONS)[number];

/** Where a program is, if anywhere, and whether it is looked for in that directory, as on PATH. */
export type ProgramFacts = { path: string; onPath: boolean } | undefined;

/** A device file, and whether this process can use it. */
export interface DeviceFacts {
  /** Whether the file is there. */
  present: boolean;
  /** The result of opening it. */
  usable: Trial;
}

/** All that is looked at. */
export interface HostFacts extends LabFacts {
  /** Whether each permission is granted in full. */
  permissions: Record<PermissionName, boolean>;
  /** Undefined where nothing could be looked up. */
  programs?: Record<Program, ProgramFacts>;
  /** Namespaces made for a try. */
  namespaces: { net: Trial; pid: Trial; mount: Trial };
  /** A ruleset with NAT, dynamic sets and maps, in a scratch namespace. */
  ruleset: Trial;
  /** Netem, and the qdiscs and filters that its engine puts beside it. */
  netem: Trial;
  /** `clsact` with a `cls_bpf` filter that redirects, which the link emulator needs. */
  clsact: Trial;
  /** `/dev/net/tun`. */
  tun: DeviceFacts;
  /** Whether KVM runs ordinary guests. */
  kvm?: KvmTrial;
  /** An IPv6 address on an interface. */
  ipv6: Trial;
  /** The soft limit of open files. */
  openFiles?: number;
}
