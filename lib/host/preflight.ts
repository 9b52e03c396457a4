import { NetyardError } from "../../native/error.ts";
import { featureFindings } from "./features.ts";
import type { HostFacts, LabFacts } from "./facts.ts";
import { type Finding, fromTrial, NOT_TRIED } from "./finding.ts";
import { installAdvice } from "./install.ts";

/** The Deno release that Netyard is tested with; worker options and FFI differ before it. */
const DENO_MINIMUM = [2, 9];

/** This host, or this process, lacks something that no lab can do without; the message lists it. */
export class HostNotCapableError extends NetyardError {
  /** What is missing. */
  readonly findings: readonly Finding[];

  /** `findings` are those that are not ok. */
  constructor(findings: readonly Finding[]) {
    // What could not be tried is a consequence, and its cause stands in the list.
    const causes = findings.filter((f) => f.detail !== NOT_TRIED);
    const lines = causes.map((f) =>
      `- ${f.title}: ${f.detail}${f.remedy ? `. To mend it, ${f.remedy}` : ""}`
    );
    super(["no lab can be built here:", ...lines, "`netyard doctor` looks closer."].join("\n"));
    this.findings = findings;
  }
}

/**
 * What a lab cannot do without, from the facts.
 *
 * @example
 * ```ts
 * import { labFindings } from "./preflight.ts";
 *
 * const missing = labFindings({
 *   os: "linux",
 *   deno: "2.9.0",
 *   libc: "ok",
 *   privilege: "root",
 *   nftables: "libnftables",
 *   osRelease: "",
 * }).filter((finding) => !finding.ok);
 * console.assert(missing.length === 0);
 * ```
 */
export function labFindings(facts: LabFacts): Finding[] {
  return [system(facts), deno(facts), ffi(facts), privilege(facts), nftables(facts)]
    .map((finding) => ({ ...finding, needed: "lab" }));
}

/** Everything that Netyard uses, from the facts: first what labs need, then feature by feature. */
export function hostFindings(facts: HostFacts): Finding[] {
  const { namespaces: { net }, ruleset } = facts;
  return [
    ...labFindings(facts),
    fromTrial({
      id: "namespace-net",
      title: "network namespaces",
      needed: "lab",
      remedy: "use a kernel with CONFIG_NET_NS=y",
    }, net),
    fromTrial({
      id: "nftables-nat",
      title: "NAT and dynamic sets of nftables",
      needed: "lab",
      remedy: "use a kernel with nf_tables, nft_nat and nft_hash, as distributions have it",
    }, ruleset),
    ...featureFindings(facts),
  ];
}

type LabFinding = Omit<Finding, "needed">;

function system({ os, libc, loaderError }: LabFacts): LabFinding {
  const finding = { id: "system", title: "Linux with glibc" };
  if (os !== "linux") {
    return {
      ...finding,
      ok: false,
      detail: `this is ${os}`,
      remedy: "use a Linux machine, container or virtual machine",
    };
  }
  if (libc === "no glibc") {
    return {
      ...finding,
      ok: false,
      detail: loaderError ?? "libc.so.6 cannot be loaded",
      remedy: "use a system with glibc: Debian, Ubuntu, Fedora, Arch",
    };
  }
  return { ...finding, ok: true, detail: "present" };
}

function deno({ deno }: LabFacts): LabFinding {
  const [major, minor] = deno.split(".").map(Number);
  const [wantedMajor, wantedMinor] = DENO_MINIMUM;
  const ok = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return {
    id: "deno",
    title: `Deno ${DENO_MINIMUM.join(".")} or later`,
    ok,
    detail: deno,
    ...ok ? {} : { remedy: "run `deno upgrade`" },
  };
}

function ffi({ os, libc }: LabFacts): LabFinding {
  const finding = { id: "permission-ffi", title: "permission to call libc" };
  if (os !== "linux") return { ...finding, ok: false, detail: NOT_TRIED };
  return libc === "no permission"
    ? { ...finding, ok: false, detail: "not granted", remedy: "add --allow-ffi" }
    : { ...finding, ok: true, detail: "granted" };
}

function privilege({ libc, privilege, obstacle }: LabFacts): LabFinding {
  const finding = { id: "privilege", title: "root, or root in a user namespace" };
  if (libc !== "ok") return { ...finding, ok: false, detail: NOT_TRIED };
  if (privilege !== "none") return { ...finding, ok: true, detail: privilege };
  if (obstacle) {
    return {
      ...finding,
      ok: false,
      detail: obstacle.cause,
      remedy: `${obstacle.remedy}; or run as root`,
    };
  }
  return {
    ...finding,
    ok: false,
    detail: "CAP_NET_ADMIN and CAP_SYS_ADMIN are missing",
    remedy: 'import "@netyard/netyard/rootless" before anything else, or run as root',
  };
}

function nftables({ libc, nftables, osRelease }: LabFacts): LabFinding {
  const finding = { id: "nftables", title: "nftables" };
  if (libc !== "ok") return { ...finding, ok: false, detail: NOT_TRIED };
  return nftables ? { ...finding, ok: true, detail: nftables } : {
    ...finding,
    ok: false,
    detail: "neither libnftables nor the program nft can be used",
    remedy: `install it: ${installAdvice(["nft"], osRelease)}`,
  };
}
