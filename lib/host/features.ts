import { installAdvice, type Program } from "./install.ts";
import { type Finding, fromTrial, NOT_TRIED } from "./finding.ts";
import type { HostFacts, PermissionName } from "./facts.ts";

/** What each permission is for. `--allow-ffi` is not among them: no lab does without. */
const PERMISSION_USES: Record<PermissionName, string> = {
  run: "commands in nodes",
  read: "simulations, topologies, results",
  write: "simulations, topologies, results",
  env: "commands in nodes",
  net: "sockets in nodes, devtools",
  sys: "addresses as Deno.networkInterfaces tells them",
};

/** What each program is for. */
const PROGRAM_USES: Record<Program, string> = {
  ip: "commands in nodes",
  nft: "commands in nodes",
  ping: "commands in nodes",
  nsenter: "commands in nodes",
  unshare: "commands in nodes",
  mount: "commands in nodes",
  tc: "link conditions",
  tcpdump: "captures",
  "qemu-system-x86_64": "virtual machines",
  "qemu-img": "virtual machines",
  virtiofsd: "the host's files in virtual machines",
  pasta: "a bridge's uplink without root",
  slirp4netns: "a bridge's uplink without root",
  radvd: "router advertisements, where it is asked for",
  iperf3: "measuring throughput in simulations",
};

/** Programs of which one is enough. */
const STAND_INS: Partial<Record<Program, Program>> = {
  pasta: "slirp4netns",
  slirp4netns: "pasta",
};

/**
 * Below this many open files large labs fail: a node holds a namespace, and more
 * once code runs in it. Deno raises the limit to the hard one by itself.
 */
const OPEN_FILES_WANTED = 4096;

/** What single features need, from the facts. */
export function featureFindings(facts: HostFacts): Finding[] {
  const feature = (id: string, title: string, feature: string, remedy?: string) => ({
    id,
    title,
    needed: "feature" as const,
    feature,
    ...remedy ? { remedy } : {},
  });
  return [
    ...Object.entries(PERMISSION_USES).map(([name, use]) =>
      permission(name, use, facts.permissions[name as PermissionName])
    ),
    ...Object.entries(PROGRAM_USES).map(([name, use]) => program(name as Program, use, facts)),
    fromTrial(
      feature(
        "namespace-pid",
        "process namespaces",
        "commands in nodes",
        "use a kernel with CONFIG_PID_NS=y",
      ),
      facts.namespaces.pid,
    ),
    fromTrial(
      feature(
        "namespace-mount",
        "mount namespaces",
        "commands in nodes",
        "see which security policy of the host forbids mounts (AppArmor, SELinux, a container)",
      ),
      facts.namespaces.mount,
    ),
    fromTrial(
      feature(
        "netem",
        "netem",
        "link conditions",
        "nothing to do: the emulator stands in",
      ),
      facts.netem,
    ),
    fromTrial(
      feature(
        "clsact",
        "clsact and cls_bpf, for the emulator",
        "link conditions",
        "use a kernel with CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF",
      ),
      facts.clsact,
    ),
    tun(facts),
    kvm(facts),
    fromTrial(
      feature("ipv6", "IPv6", "IPv6 addresses, NAT64", "boot the kernel without ipv6.disable=1"),
      facts.ipv6,
    ),
    openFiles(facts.openFiles),
  ];
}

function permission(name: string, feature: string, granted: boolean): Finding {
  return {
    id: `permission-${name}`,
    title: `--allow-${name}`,
    ok: granted,
    needed: "feature",
    detail: granted ? "granted" : "not granted, or in part only",
    ...granted ? {} : { remedy: `add --allow-${name}` },
    feature,
  };
}

function program(name: Program, feature: string, facts: HostFacts): Finding {
  const finding = { id: `program-${name}`, title: name, needed: "feature", feature } as const;
  if (!facts.programs) return { ...finding, ok: false, detail: NOT_TRIED };
  const found = facts.programs[name];
  const standIn = STAND_INS[name];
  if (!found && standIn && facts.programs[standIn]) {
    return { ...finding, ok: true, detail: `not on PATH, and not needed beside ${standIn}` };
  }
  if (!found) {
    return {
      ...finding,
      ok: false,
      detail: "not on PATH",
      remedy: `install it: ${installAdvice([name], facts.osRelease)}`,
    };
  }
  if (found.onPath) return { ...finding, ok: true, detail: found.path };
  const directory = found.path.slice(0, found.path.lastIndexOf("/"));
  return {
    ...finding,
    ok: false,
    detail: `${found.path}, and PATH lacks ${directory}`,
    remedy: `add it: \`export PATH=$PATH:${directory}\``,
  };
}

function tun({ tun }: HostFacts): Finding {
  return fromTrial({
    id: "tun",
    title: "TAP and TUN devices, which the link emulator, NAT64 and 464XLAT use too",
    needed: "feature",
    feature: "virtual machines",
    remedy: tun.present
      ? "let this user open it: `sudo chmod 666 /dev/net/tun`"
      : "load the driver: `sudo modprobe tun`",
  }, tun.present ? tun.usable : { ok: false, detail: "there is no /dev/net/tun" });
}

function kvm({ kvm }: HostFacts): Finding {
  return fromTrial({
    id: "kvm",
    title: "KVM",
    needed: "feature",
    feature: "virtual machines",
    remedy: kvm?.remedy ?? "nothing to do: QEMU emulates, and a machine boots in seconds",
  }, kvm);
}

function openFiles(limit: number | undefined): Finding {
  const finding = {
    id: "open-files",
    title: "open files",
    needed: "feature",
    feature: "labs of a thousand nodes",
  } as const;
  if (limit === undefined) return { ...finding, ok: false, detail: NOT_TRIED };
  const detail = `at most ${limit}`;
  return limit >= OPEN_FILES_WANTED
    ? { ...finding, ok: true, detail }
    : { ...finding, ok: false, detail, remedy: `run \`ulimit -n ${OPEN_FILES_WANTED}\` first` };
}
