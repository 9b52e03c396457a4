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

/** QEMU cannot run a machine of this description. */
export class MachineSpecError extends NetyardError {}

/**
 * Returns QEMU's command line for a machine. It names only files of the description, and QEMU reads no
 * configuration of the user or the host.
 *
 * Devices have fixed IDs and addresses, so that a saved machine is restored with the command line of the
 * same description, with `incoming` and with the devices that were plugged in since.
 *
 * @throws {MachineSpecError} If a device does not fit its slot, or the memory is not a whole number of
 * MiB.
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

/** Escapes a value in a list of `name=value`: commas are doubled. */
export function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

/** Formats an argument of QEMU with parameters; the first value has no name. */
function list(first: string, parameters: object): string {
  const parts = Object.entries(parameters).map(([name, value]) => `${name}=${escaped(`${value}`)}`);
  return [first, ...parts].filter((part) => part !== "").join(",");
}

function identity({ name }: MachineSpec): string[] {
  return [
    "-name",
    list("", { guest: name, "debug-threads": "on" }),
    "-no-user-config", // nothing from /etc/qemu
    "-nodefaults", // no NIC, drive or monitor by default
    "-display",
    "none",
    // The guest's hardware clock follows the host's clock, through pauses and restores.
    "-rtc",
    "base=utc,clock=host",
    // A guest may reboot, so a reset keeps QEMU. A guest that powers itself off ends QEMU. One that
    // panics is paused, so that its console can be read: QMP emits GUEST_PANICKED.
    "-action",
    "reboot=reset,shutdown=poweroff,panic=pause",
  ];
}

function safety(accel: Accel): string[] {
  if (accel === "hvf") return []; // macOS has no seccomp, and its QEMU refuses the option
  // Denies system calls that a running QEMU never needs: obsolete ones, those that change the user or
  // the scheduling, and those that start programs; a QEMU that makes one is killed. So a migration to
  // `exec:` kills it: use `unix:` or `fd:`.
  return ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];
}

const ACCEL: Record<Accel, string> = {
  kvm: "kvm",
  // One thread per virtual processor. The buffer of translated code is limited to 64 MiB; the default
  // is up to 1 GiB per machine.
  tcg: "tcg,thread=multi,tb-size=64",
  hvf: "hvf",
};

// Devices that no guest of ours uses cost start-up time. Machine types: q35 is best for hot-plugging;
// under the older pc a NIC takes three times as long to come up, and microvm has no slots.
const MACHINES: Record<GuestArch, (accel: Accel) => string> = {
  x86_64: () => "q35,hpet=off,vmport=off,smbus=off,sata=off,usb=off,i8042=off",
  // Without KVM QEMU emulates the interrupt controller, of the newest version that it has.
  aarch64: (accel) => `virt,gic-version=${accel === "kvm" ? "host" : "max"}`,
};

/** The default processor under TCG; with hardware acceleration it is the host's. */
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
  // virtiofsd can only map a memfd, which macOS (HVF) does not have.
  return accel === "hvf"
    ? `memory-backend-ram,id=ram0,size=${size}`
    : `memory-backend-memfd,id=ram0,size=${size},share=on`;
}

function boot({ kernel, initrd, cmdline, incoming }: MachineSpec): string[] {
  return [
    ...kernel === undefined ? [] : ["-kernel", kernel],
    ...initrd === undefined ? [] : ["-initrd", initrd],
    ...cmdline === undefined ? [] : ["-append", cmdline],
    // `defer`, since QMP must set the migration capabilities first; `-S`, since several machines may
    // have to resume together.
    ...incoming ? ["-S", "-incoming", "defer"] : [],
  ];
}

function controls({ sockets }: MachineSpec): string[] {
  const socket = (id: string, path: string) => [
    "-chardev",
    // Without waiting for a client, which connects only after QEMU has started.
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

/** Fixed addresses, so that a restored machine has them in the same place, whatever else it has. */
const FIXED_DEVICES = [
  "-device",
  onRootBus("virtio-serial-pci,id=serial", 1),
  // With an ID, so that VSERPORT_CHANGE shows that the agent has opened its port.
  "-device",
  "virtserialport,id=agent,bus=serial.0,nr=1,chardev=agent,name=org.qemu.guest_agent.0",
  "-object",
  "rng-builtin,id=rng0", // uses getrandom(2), no file of the host
  "-device",
  onRootBus("virtio-rng-pci,id=rng,rng=rng0", 2),
  // The guest's kernel reports a panic through it, if it has the driver.
  "-device",
  onRootBus("pvpanic-pci,id=pvpanic", 3),
];

/** PCI device numbers for devices that stay from the start; the chipset has 0x1f. */
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
 * On PCI Express each hot-plugged device needs a root port of its own. Eight ports cost less than 0.1 s
 * of a boot under TCG. ACPI does the hot-plugging, as is QEMU's default: 0.1 s against 0.2 s.
 */
function slots(count: number): string[] {
  return numbers(0, count).flatMap((slot) => {
    const fn = slot % FUNCTIONS;
    // The first function must declare that there are others.
    const several = fn === 0 && slot + 1 < count ? ",multifunction=on" : "";
    const port = `pcie-root-port,id=${slotBus(slot)},chassis=${slot + 1}${several}`;
    return ["-device", onRootBus(port, PORT_NUMBERS[Math.floor(slot / FUNCTIONS)], fn)];
  });
}

function nic(spec: NicSpec): string[] {
  const { netdev: { type, ...netdev }, device: { driver, ...device } } = nicParts(spec);
  return ["-netdev", list(type, netdev), "-device", list(driver, device)];
}

/** The devices with a fixed place on the root bus: drives without a slot, then shares. */
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
    // As JSON, since injected errors are a list.
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
    refuse(`${hotplugSlots} hot-plug slots are requested, but it can have ${MAX_SLOTS}`);
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
    refuse(`${length} fixed drives and shares, but it can have ${FREE_NUMBERS.length}`);
  }
}
