import { NetyardError } from "../../../native/error.ts";
import {
  driveParts,
  MAX_DRIVE_ID,
  MAX_SLOTS,
  nicParts,
  type Place,
  slotBus,
  slotPlace,
} from "./devices.ts";
import type {
  Accel,
  DriveSpec,
  GuestArch,
  MachineSpec,
  NicSpec,
  ShareSpec,
} from "../options/machine_spec.ts";

const MIB = 2 ** 20;

/** A program and its arguments. */
export interface CommandLine {
  program: "qemu-system-x86_64" | "qemu-system-aarch64";
  args: string[];
}

/** A machine that QEMU cannot be asked for. */
export class MachineSpecError extends NetyardError {}

/**
 * QEMU's command line for a machine. It names no file but those of the description, and QEMU reads
 * no configuration of the user's or the host's.
 *
 * Devices have fixed ids and addresses, so that a machine that is saved is restored by the line of
 * the same description, with `incoming` and with what was plugged in since then.
 *
 * @throws {MachineSpecError} If the slots do not fit what is put into them, or the memory is no
 * whole number of MiB.
 *
 * Source: qemu(1), of QEMU 7.2.
 */
export function qemuCommand(spec: MachineSpec): CommandLine {
  checkSpec(spec);
  return {
    program: `qemu-system-${spec.arch}`,
    args: [
      ...identity(spec),
      ...safety(spec.accel),
      ...processor(spec),
      ...memory(spec),
      ...boot(spec),
      ...controls(spec),
      ...FIXED_DEVICES,
      ...slots(spec.hotplugSlots),
      ...spec.nics.flatMap(nic),
      ...spec.drives.flatMap((each) => drive(spec, each)),
      ...(spec.shares ?? []).flatMap((each, i) => share(spec, each, i)),
    ],
  };
}

/** A value for a list of `name=value`: a comma in it is written twice. */
export function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

/** An argument of QEMU with parameters: the first value stands bare. */
function list(first: string, parameters: object): string {
  const parts = Object.entries(parameters).map(([name, value]) => `${name}=${escaped(`${value}`)}`);
  return [first, ...parts].filter((part) => part !== "").join(",");
}

function identity({ name }: MachineSpec): string[] {
  return [
    "-name",
    list("", { guest: name, "debug-threads": "on" }),
    "-no-user-config", // nothing from /etc/qemu
    "-nodefaults", // no card, drive or monitor that is not asked for
    "-display",
    "none",
    // The guest's clock chip runs with the host's clock, through pauses and restores.
    "-rtc",
    "base=utc,clock=host",
    // A guest may reboot, and so may be reset. One that powers itself off ends QEMU. One that
    // panics stays as it is, so that its console can be read: QMP tells GUEST_PANICKED.
    "-action",
    "reboot=reset,shutdown=poweroff,panic=pause",
  ];
}

function safety(accel: Accel): string[] {
  if (accel === "hvf") return []; // macOS has no seccomp, and its QEMU refuses the option
  // System calls that a QEMU which is up never needs: old ones, those that change the user or the
  // scheduling, and those that start programs; a QEMU that makes one is killed. So a migration to
  // `exec:` is death: it goes to `unix:` or `fd:`.
  return ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];
}

const ACCEL: Record<Accel, string> = {
  kvm: "kvm",
  // A thread a virtual processor. Translated code is kept within 64 MiB, where the default is up
  // to 1 GiB a machine.
  tcg: "tcg,thread=multi,tb-size=64",
  hvf: "hvf",
};

// What no guest of ours uses costs start-up time. Of the machines, q35 is the one to plug into:
// under the older pc a card takes three times as long to come up, and microvm has no slots.
const MACHINES: Record<GuestArch, (accel: Accel) => string> = {
  x86_64: () => "q35,hpet=off,vmport=off,smbus=off,sata=off,usb=off,i8042=off",
  // Without KVM the interrupt controller is QEMU's own, of the newest kind that it has.
  aarch64: (accel) => `virt,gic-version=${accel === "kvm" ? "host" : "max"}`,
};

/** What is emulated by default; where the host's processor runs the guest, it is that. */
const EMULATED_CPU: Record<GuestArch, string> = { x86_64: "qemu64", aarch64: "cortex-a57" };

function processor({ arch, accel, cpus, emulatedCpu = EMULATED_CPU[arch] }: MachineSpec): string[] {
  return [
    "-machine",
    `${MACHINES[arch](accel)},memory-backend=ram0`,
    "-accel",
    ACCEL[accel],
    "-cpu",
    accel === "tcg" ? emulatedCpu : "host",
    "-smp",
    String(cpus),
  ];
}

function memory(spec: MachineSpec): string[] {
  const size = `${spec.memoryBytes / MIB}M`;
  return ["-m", size, "-object", memoryBackend(spec, size)];
}

function memoryBackend({ memoryPath, memoryShared = true, accel }: MachineSpec, size: string) {
  if (memoryPath !== undefined) {
    return list("memory-backend-file", {
      id: "ram0",
      size,
      "mem-path": memoryPath,
      share: memoryShared ? "on" : "off",
    });
  }
  // Of the two, virtiofsd can map only a memfd, and a host with HVF has none.
  return accel === "hvf"
    ? `memory-backend-ram,id=ram0,size=${size}`
    : `memory-backend-memfd,id=ram0,size=${size},share=on`;
}

function boot({ kernel, initrd, cmdline, incoming }: MachineSpec): string[] {
  return [
    ...kernel === undefined ? [] : ["-kernel", kernel],
    ...initrd === undefined ? [] : ["-initrd", initrd],
    ...cmdline === undefined ? [] : ["-append", cmdline],
    // `defer` since capabilities come first, by QMP; `-S` since a clone gets its MAC and time
    // before it runs.
    ...incoming ? ["-S", "-incoming", "defer"] : [],
  ];
}

function controls({ sockets }: MachineSpec): string[] {
  const socket = (id: string, path: string) => [
    "-chardev",
    // Without waiting for a client, who would come after QEMU is up.
    list("socket", { id, path, server: "on", wait: "off" }),
  ];
  return [
    ...socket("qmp", sockets.qmp),
    "-mon",
    "chardev=qmp,mode=control",
    ...socket("console", sockets.console),
    "-serial", // an ISA port, or a PL011
    "chardev:console",
    ...socket("agent", sockets.agent),
  ];
}

/** At these addresses a restored machine finds them again, whatever else it has. */
const FIXED_DEVICES = [
  "-device",
  onRootBus("virtio-serial-pci,id=serial", 1),
  // With an id, for VSERPORT_CHANGE to tell that the agent has opened its port.
  "-device",
  "virtserialport,id=agent,bus=serial.0,nr=1,chardev=agent,name=org.qemu.guest_agent.0",
  "-object",
  "rng-builtin,id=rng0", // by getrandom(2): no file of the host
  "-device",
  onRootBus("virtio-rng-pci,id=rng,rng=rng0", 2),
  // By it the guest's kernel tells of its panic, where it has the driver.
  "-device",
  onRootBus("pvpanic-pci,id=pvpanic", 3),
];

/** Device numbers for what is there from the start and stays; the chipset has 0x1f. */
const FREE_NUMBERS = [...numbers(0x04, 0x10), ...numbers(0x18, 0x1f)];
const PORT_NUMBERS = [...numbers(0x10, 0x18)];
const FUNCTIONS = MAX_SLOTS / PORT_NUMBERS.length;

function numbers(from: number, below: number): number[] {
  return Array.from({ length: below - from }, (_, i) => from + i);
}

function onRootBus(device: string, number: number, fn = 0): string {
  const address = `0x${number.toString(16)}${fn ? `.${fn}` : ""}`;
  return `${device},bus=pcie.0,addr=${address}`;
}

/**
 * On PCI Express a device can be plugged into a port only, and into each port one. Eight cost less
 * than 0.1 s of a boot under TCG. They are ACPI's to plug, as is QEMU's default: 0.1 s against 0.2 s.
 */
function slots(count: number): string[] {
  return numbers(0, count).flatMap((slot) => {
    const fn = slot % FUNCTIONS;
    // The first function has to say that there are others.
    const several = fn === 0 && slot + 1 < count ? ",multifunction=on" : "";
    const port = `pcie-root-port,id=${slotBus(slot)},chassis=${slot + 1}${several}`;
    return ["-device", onRootBus(port, PORT_NUMBERS[Math.floor(slot / FUNCTIONS)], fn)];
  });
}

function nic(spec: NicSpec): string[] {
  const { netdev: { type, ...netdev }, device: { driver, ...device } } = nicParts(spec);
  return ["-netdev", list(type, netdev), "-device", list(driver, device)];
}

/** What stands in a numbered place of the root bus: drives without a slot, then shares. */
function fixedDevices({ drives, shares = [] }: MachineSpec): readonly (DriveSpec | ShareSpec)[] {
  return [...drives.filter((drive) => drive.slot === undefined), ...shares];
}

function fixedPlace(spec: MachineSpec, device: DriveSpec | ShareSpec): Place {
  const number = FREE_NUMBERS[fixedDevices(spec).indexOf(device)];
  return { bus: "pcie.0", addr: `0x${number.toString(16)}` };
}

function drive(spec: MachineSpec, drive: DriveSpec): string[] {
  const place = drive.slot === undefined ? fixedPlace(spec, drive) : slotPlace(drive.slot);
  const { blockdevs, device: { driver, ...device } } = driveParts(drive, place);
  return [
    // In JSON, since errors to make up are a list.
    ...blockdevs.flatMap((blockdev) => ["-blockdev", JSON.stringify(blockdev)]),
    "-device",
    list(driver, device),
  ];
}

function share(spec: MachineSpec, share: ShareSpec, i: number): string[] {
  const chardev = `share${i}`;
  return [
    "-chardev",
    list("socket", { id: chardev, path: share.socket }),
    "-device",
    list("vhost-user-fs-pci", {
      id: `fs${i}`,
      chardev,
      tag: share.tag,
      ...fixedPlace(spec, share),
    }),
  ];
}

function checkSpec(spec: MachineSpec): void {
  const { name, memoryBytes, hotplugSlots, nics, drives } = spec;
  const refuse = (reason: string) => {
    throw new MachineSpecError(`machine ${JSON.stringify(name)}: ${reason}`);
  };
  if (memoryBytes <= 0 || memoryBytes % MIB !== 0) {
    refuse(`its memory is ${memoryBytes} bytes, but must be a whole number of MiB`);
  }
  if (hotplugSlots > MAX_SLOTS) {
    refuse(`${hotplugSlots} hot-plug slots are asked for; it can have ${MAX_SLOTS}`);
  }
  for (const { id } of drives) {
    if (id.length > MAX_DRIVE_ID) {
      refuse(`the drive ${id} has a name of more than ${MAX_DRIVE_ID} characters`);
    }
  }
  const taken = new Map<number, string>();
  for (const { id, slot } of [...nics, ...drives]) {
    if (slot === undefined) continue;
    if (slot < 0 || slot >= hotplugSlots) {
      refuse(
        hotplugSlots === 0
          ? `${id} is in slot ${slot}, but there are no slots`
          : `${id} is in slot ${slot}, but the slots are 0 to ${hotplugSlots - 1}`,
      );
    }
    const other = taken.get(slot);
    if (other !== undefined) refuse(`${id} and ${other} are both in slot ${slot}`);
    taken.set(slot, id);
  }
  const { length } = fixedDevices(spec);
  if (length > FREE_NUMBERS.length) {
    refuse(`${length} fixed drives and shares; it can have ${FREE_NUMBERS.length}`);
  }
}
