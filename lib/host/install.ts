/** Families of distributions, by their package manager. */
export type Family = "debian" | "fedora" | "arch" | "alpine" | "other";

type Packaged = "debian" | "fedora" | "arch";

const same = (name: string) => ({ debian: name, fedora: name, arch: name });

/** A host program that Netyard may call. */
export type Program =
  | "ip"
  | "tc"
  | "nft"
  | "ping"
  | "nsenter"
  | "unshare"
  | "mount"
  | "tcpdump"
  | "qemu-system-x86_64"
  | "qemu-img"
  | "virtiofsd"
  | "pasta"
  | "slirp4netns"
  | "radvd"
  | "iperf3";

/** A host program that only tests and benchmarks call. */
export type TestProgram = "chromium" | "curl" | "dhclient" | "fish" | "tayga" | "tshark" | "zsh";

/** A host program whose package is known. */
export type Installable = Program | TestProgram;

/** The package that has each program. */
const PACKAGES: Record<Installable, Record<Packaged, string>> = {
  ip: { debian: "iproute2", fedora: "iproute", arch: "iproute2" },
  tc: { debian: "iproute2", fedora: "iproute-tc", arch: "iproute2" },
  nft: same("nftables"),
  ping: { debian: "iputils-ping", fedora: "iputils", arch: "iputils" },
  nsenter: same("util-linux"),
  unshare: same("util-linux"),
  mount: { debian: "mount", fedora: "util-linux", arch: "util-linux" },
  tcpdump: same("tcpdump"),
  "qemu-system-x86_64": { debian: "qemu-system-x86", fedora: "qemu-system-x86", arch: "qemu-base" },
  "qemu-img": { debian: "qemu-utils", fedora: "qemu-img", arch: "qemu-img" },
  virtiofsd: same("virtiofsd"),
  pasta: same("passt"),
  slirp4netns: same("slirp4netns"),
  radvd: same("radvd"),
  iperf3: same("iperf3"),
  chromium: same("chromium"),
  curl: same("curl"),
  dhclient: { debian: "isc-dhcp-client", fedora: "dhcp-client", arch: "dhclient" },
  fish: same("fish"),
  tayga: same("tayga"),
  tshark: { debian: "tshark", fedora: "wireshark-cli", arch: "wireshark-cli" },
  zsh: same("zsh"),
};

/** Those that only tests and benchmarks call. */
export const TEST_PROGRAMS: readonly TestProgram[] = [
  "chromium",
  "curl",
  "dhclient",
  "fish",
  "tayga",
  "tshark",
  "zsh",
];

/** The first releases in which virtiofsd has a package of its own, and is not of QEMU's. */
const OWN_VIRTIOFSD: Record<string, number> = { debian: 13, ubuntu: 23.1 };

/** Where programs are that no PATH has, since they are called by other programs alone. */
export const PRIVATE_DIRECTORIES: Partial<Record<Installable, readonly string[]>> = {
  virtiofsd: ["/usr/libexec", "/usr/lib/qemu", "/usr/lib"],
};

/** All that Netyard may call. */
export const PROGRAMS = Object.keys(PACKAGES).filter((name) =>
  !TEST_PROGRAMS.some((other) => other === name)
) as Program[];

/** Those that every lab and its examples call; the others come with a feature. */
export const COMMON_PROGRAMS: readonly Program[] = [
  "ip",
  "tc",
  "nft",
  "ping",
  "nsenter",
  "unshare",
  "mount",
];

/** The others, which the tests of those features call. */
export const FEATURE_PROGRAMS: readonly Program[] = PROGRAMS.filter((program) =>
  !COMMON_PROGRAMS.includes(program)
);

/** Whether the package is known that has a program. */
export function isProgram(name: string): name is Installable {
  return Object.hasOwn(PACKAGES, name);
}

/** The words of a field of an os-release(5). */
function fieldOf(osRelease: string, name: string): string[] {
  return new RegExp(`^${name}=["']?([^"'\\n]*)`, "m").exec(osRelease)?.[1].split(/\s+/) ?? [];
}

/** The family of a distribution, from the text of its os-release(5). */
export function familyOf(osRelease: string): Family {
  const field = (name: string) => fieldOf(osRelease, name);
  const ids = [...field("ID"), ...field("ID_LIKE")];
  const is = (...names: string[]) => ids.some((id) => names.includes(id));
  if (is("debian", "ubuntu")) return "debian";
  if (is("fedora", "rhel", "centos")) return "fedora";
  if (is("arch")) return "arch";
  return is("alpine") ? "alpine" : "other";
}

const COMMANDS: Record<Packaged, [system: string, command: string]> = {
  debian: ["Debian, Ubuntu", "sudo apt-get install"],
  fedora: ["Fedora", "sudo dnf install"],
  arch: ["Arch", "sudo pacman -S"],
};

function packagesOf(
  programs: readonly Installable[],
  family: Packaged,
  osRelease: string,
): string[] {
  return [
    ...new Set(
      programs.map((program) =>
        program === "virtiofsd" && isOfQemu(osRelease)
          ? "qemu-system-common"
          : PACKAGES[program][family]
      ),
    ),
  ];
}

/** Whether virtiofsd comes with QEMU in this release. */
function isOfQemu(osRelease: string): boolean {
  const own = OWN_VIRTIOFSD[fieldOf(osRelease, "ID")[0]];
  return own !== undefined && Number(fieldOf(osRelease, "VERSION_ID")[0]) < own;
}

/**
 * What to type to install programs: the command of this distribution, or, where
 * that is not known, the command of each that is.
 *
 * @example
 * ```ts
 * import { installAdvice } from "./install.ts";
 *
 * console.assert(installAdvice(["nft"], "ID=debian\n") === "sudo apt-get install nftables");
 * ```
 */
export function installAdvice(programs: readonly Installable[], osRelease: string): string {
  const family = familyOf(osRelease);
  const command = (f: Packaged) =>
    [COMMANDS[f][1], ...packagesOf(programs, f, osRelease)].join(" ");
  if (family === "alpine") {
    return "Alpine has musl, and Netyard needs glibc: use a Debian, Ubuntu, Fedora or Arch system";
  }
  if (family !== "other") return command(family);
  return (Object.keys(COMMANDS) as Packaged[])
    .map((f) => `${COMMANDS[f][0]}: ${command(f)}`).join("; ");
}

/** What there is to do about missing programs. */
export type InstallPlan =
  | { kind: "nothing" }
  /** Commands to run in this order. The first may fail, where another apt-get updates too. */
  | { kind: "install"; packages: string[]; commands: string[][] }
  /** What to tell a person to do. */
  | { kind: "advise"; message: string };

// Another apt-get, often the daily one, holds the lock for a minute or two.
const LOCK_TIMEOUT = ["-o", "DPkg::Lock::Timeout=120"];

/**
 * Decides what to do about missing programs: root installs them on Debian and
 * Ubuntu; everywhere else a person is told what to type.
 *
 * Source: apt-get(8), os-release(5).
 */
export function planInstall(
  missing: readonly Installable[],
  osRelease: string,
  uid: number | null,
): InstallPlan {
  if (missing.length === 0) return { kind: "nothing" };
  if (uid === 0 && familyOf(osRelease) === "debian") {
    const packages = packagesOf(missing, "debian", osRelease);
    return {
      kind: "install",
      packages,
      commands: [
        ["apt-get", "-qq", ...LOCK_TIMEOUT, "update"],
        [
          "apt-get",
          "-qq",
          ...LOCK_TIMEOUT,
          "install",
          "-y",
          "--no-install-recommends",
          ...packages,
        ],
      ],
    };
  }
  return { kind: "advise", message: missingMessage(missing, osRelease) };
}

/** What to tell a person whose host lacks programs. */
export function missingMessage(missing: readonly Installable[], osRelease: string): string {
  const advice = installAdvice(missing, osRelease).replaceAll("; ", "\n  ");
  return `Netyard needs programs that are not on this host: ${missing.join(", ")}\n  ${advice}`;
}
