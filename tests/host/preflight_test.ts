import { assert, assertEquals } from "@std/assert";
import type { HostFacts } from "../../lib/host/facts.ts";
import { hostFindings, HostNotCapableError, labFindings } from "../../lib/host/preflight.ts";
import { ABLE } from "./facts.ts";

/** What is missing on a host that differs from an able one in this, as one line each. */
function missing(difference: Partial<HostFacts>): string[] {
  return hostFindings({ ...ABLE, ...difference })
    .filter((finding) => !finding.ok)
    .map((f) => [f.needed, f.id, f.detail, ...f.remedy ? [f.remedy] : []].join(" | "));
}

const no = (detail: string) => ({ ok: false, detail });

Deno.test("nothing is missing on an able host, and every finding says what was found", () => {
  assertEquals(missing({}), []);
  const findings = hostFindings(ABLE);
  assertEquals(new Set(findings.map((finding) => finding.id)).size, findings.length);
  for (const finding of findings) {
    assert(finding.detail !== "" && finding.remedy === undefined, finding.id);
    assertEquals(finding.feature !== undefined, finding.needed === "feature", finding.id);
  }
});

const MISSING: [what: string, difference: Partial<HostFacts>, findings: string[]][] = [
  ["an old Deno", { deno: "2.8.3" }, ["lab | deno | 2.8.3 | run `deno upgrade`"]],
  ["the very first Deno that will do", { deno: "2.9.0" }, []],
  ["the next Deno", { deno: "3.0.0-rc.1" }, []],
  ["no privileges", { privilege: "none" }, [
    "lab | privilege | CAP_NET_ADMIN and CAP_SYS_ADMIN are missing | " +
    'import "@netyard/netyard/rootless" before anything else, or run as root',
  ]],
  ["no user namespaces", {
    privilege: "none",
    obstacle: {
      cause: "user.max_user_namespaces is 0",
      remedy: "run `sudo sysctl -w user.max_user_namespaces=10000`",
    },
  }, [
    "lab | privilege | user.max_user_namespaces is 0 | " +
    "run `sudo sysctl -w user.max_user_namespaces=10000`; or run as root",
  ]],
  ["no nftables", { nftables: undefined }, [
    "lab | nftables | neither libnftables nor the program nft can be used | " +
    "install it: sudo apt-get install nftables",
  ]],
  ["no network namespaces", {
    namespaces: { ...ABLE.namespaces, net: no("unshare(CLONE_NEWNET) failed: EINVAL") },
  }, [
    "lab | namespace-net | unshare(CLONE_NEWNET) failed: EINVAL | " +
    "use a kernel with CONFIG_NET_NS=y",
  ]],
  ["no process and mount namespaces", {
    namespaces: { net: ABLE.namespaces.net, pid: no("EINVAL"), mount: no("EACCES") },
  }, [
    "feature | namespace-pid | EINVAL | use a kernel with CONFIG_PID_NS=y",
    "feature | namespace-mount | EACCES | see which security policy of the host forbids mounts " +
    "(AppArmor, SELinux, a container)",
  ]],
  ["no NAT", { ruleset: no("No such file or directory") }, [
    "lab | nftables-nat | No such file or directory | " +
    "use a kernel with nf_tables, nft_nat and nft_hash, as distributions have it",
  ]],
  ["permissions missing", {
    permissions: { run: false, read: true, write: true, env: true, net: false, sys: true },
  }, [
    "feature | permission-run | not granted, or in part only | add --allow-run",
    "feature | permission-net | not granted, or in part only | add --allow-net",
  ]],
  ["programs missing, or in a directory that PATH lacks", {
    programs: {
      ...ABLE.programs!,
      tcpdump: undefined,
      tc: { path: "/usr/sbin/tc", onPath: false },
    },
  }, [
    "feature | program-tc | /usr/sbin/tc, and PATH lacks /usr/sbin | " +
    "add it: `export PATH=$PATH:/usr/sbin`",
    "feature | program-tcpdump | not on PATH | install it: sudo apt-get install tcpdump",
  ]],
  ["no netem", { netem: no("the kernel has no sch_netem, act_police") }, [
    "feature | netem | the kernel has no sch_netem, act_police | " +
    "nothing to do: the emulator stands in",
  ]],
  ["no clsact", { clsact: no("Specified qdisc kind is unknown") }, [
    "feature | clsact | Specified qdisc kind is unknown | " +
    "use a kernel with CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF",
  ]],
  ["no tun driver", { tun: { present: false, usable: no("ENOENT") } }, [
    "feature | tun | there is no /dev/net/tun | load the driver: `sudo modprobe tun`",
  ]],
  [
    "no access to TAPs",
    { tun: { present: true, usable: no("open(/dev/net/tun) failed: EACCES") } },
    [
      "feature | tun | open(/dev/net/tun) failed: EACCES | " +
      "let this user open it: `sudo chmod 666 /dev/net/tun`",
    ],
  ],
  ["no KVM", { kvm: no("there is no /dev/kvm") }, [
    "feature | kvm | there is no /dev/kvm | " +
    "nothing to do: QEMU emulates, and a machine boots in seconds",
  ]],
  ["KVM that something can be done about", {
    kvm: { ...no("open(/dev/kvm) failed: EACCES"), remedy: "log in again" },
  }, ["feature | kvm | open(/dev/kvm) failed: EACCES | log in again"]],
  ["one way to an uplink, and not the other", {
    programs: { ...ABLE.programs!, pasta: undefined },
  }, []],
  ["no way to an uplink", {
    programs: { ...ABLE.programs!, pasta: undefined, slirp4netns: undefined },
  }, [
    "feature | program-pasta | not on PATH | install it: sudo apt-get install passt",
    "feature | program-slirp4netns | not on PATH | install it: sudo apt-get install slirp4netns",
  ]],
  ["no IPv6", { ipv6: no("the kernel has none") }, [
    "feature | ipv6 | the kernel has none | boot the kernel without ipv6.disable=1",
  ]],
  ["few file descriptors", { openFiles: 1024 }, [
    "feature | open-files | at most 1024 | run `ulimit -n 4096` first",
  ]],
];

for (const [what, difference, findings] of MISSING) {
  Deno.test(`what is told of a host: ${what}`, () => {
    assertEquals(missing(difference), findings);
  });
}

Deno.test("without FFI only the flag is advised, since nothing else was tried", () => {
  const facts = labFindings({ ...ABLE, libc: "no permission", privilege: "none" });
  const advised = facts.filter((finding) => finding.remedy);
  assertEquals(advised.map((f) => [f.id, f.remedy]), [["permission-ffi", "add --allow-ffi"]]);
  assertEquals(facts.filter((f) => !f.ok).map((f) => f.id), [
    "permission-ffi",
    "privilege",
    "nftables",
  ]);
});

Deno.test("where libc is missing, what the loader said is told", () => {
  const facts = { ...ABLE, libc: "no glibc", loaderError: "cannot load libc.so.6" } as const;
  const [system] = labFindings(facts);
  assertEquals([system.ok, system.detail], [false, "cannot load libc.so.6"]);
});

Deno.test("the error lists what is missing with its remedy, and not what follows from it", () => {
  const findings = labFindings({ ...ABLE, os: "darwin", libc: "no glibc", privilege: "none" });
  const error = new HostNotCapableError(findings.filter((finding) => !finding.ok));
  assertEquals(
    error.message,
    "no lab can be built here:\n" +
      "- Linux with glibc: this is darwin. To mend it, use a Linux machine, container or virtual machine\n" +
      "`netyard doctor` looks closer.",
  );
  assertEquals(error.findings.map((finding) => finding.id), [
    "system",
    "permission-ffi",
    "privilege",
    "nftables",
  ]);
});
