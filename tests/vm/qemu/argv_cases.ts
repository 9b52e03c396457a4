import type { MachineSpec } from "../../../lib/vm/options/machine_spec.ts";

/** A small machine with nothing plugged in. */
export const PLAIN: MachineSpec = {
  name: "nas",
  arch: "x86_64",
  accel: "tcg",
  memoryBytes: 256 * 2 ** 20,
  cpus: 1,
  kernel: "/boot/vmlinux",
  initrd: "/boot/initramfs",
  cmdline: "console=ttyS0 quiet",
  sockets: { qmp: "/run/nas/qmp", agent: "/run/nas/agent", console: "/run/nas/console" },
  nics: [],
  drives: [],
  incoming: false,
  hotplugSlots: 2,
};

const ARM: MachineSpec = {
  ...PLAIN,
  arch: "aarch64",
  kernel: "/boot/Image",
  cmdline: "console=ttyAMA0",
  cpus: 2,
};

/** Machines by the names of the files with their command lines. */
export const CASES: Record<string, MachineSpec> = {
  "x86_64-tcg": PLAIN,
  "x86_64-kvm": { ...PLAIN, accel: "kvm", cpus: 4, memoryBytes: 2 ** 30, hotplugSlots: 9 },
  "aarch64-kvm": { ...ARM, accel: "kvm" },
  "aarch64-hvf": { ...ARM, accel: "hvf" },
  "aarch64-tcg": ARM,
  "incoming-with-nics": {
    ...PLAIN,
    memoryPath: "/proc/self/fd/9",
    memoryShared: false,
    incoming: true,
    nics: [
      { id: "lan", tap: "t0", mac: "52:54:00:12:34:56", slot: 0 },
      { id: "dmz", tap: "t1", mac: "52:54:00:12:34:57", slot: 1 },
    ],
  },
  "drives-and-shares": {
    ...PLAIN,
    kernel: undefined,
    initrd: undefined,
    cmdline: undefined,
    emulatedCpu: "Nehalem",
    memoryPath: "/run/nas/memory, shared",
    sockets: { ...PLAIN.sockets, qmp: "/run/a,b/qmp" },
    drives: [
      { id: "root", path: "/images/debian, 12.qcow2", format: "qcow2", readOnly: false },
      { id: "seed", path: "/run/nas/seed.iso", format: "raw", readOnly: true },
      {
        id: "a-disk-of-24-characters-",
        path: "/run/nas/data",
        format: "raw",
        readOnly: false,
        slot: 1,
        faults: [
          { event: "write", sector: 8, once: true },
          { event: "flush", errno: 28 },
        ],
      },
    ],
    shares: [{ tag: "host", socket: "/run/nas/fs" }],
  },
};
