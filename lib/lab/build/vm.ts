import { findLan } from "../model/lookup.ts";
import { hostMemoryBytes } from "../../host/memory.ts";
import { parseOptions } from "../../options/parse_options.ts";
import defer * as boots from "../../vm/saved/boot_cache.ts";
import defer * as cache from "../../files/cache.ts";
import defer * as qemu from "../../vm/qemu/acceleration_here.ts";
import { memoryBytes } from "../../vm/options/memory.ts";
import defer * as profiles from "../../vm/profiles.ts";
import { SLOTS } from "../../vm/options/slots.ts";
import defer * as machines from "../../vm/virtual_machine.ts";
import type { VmState } from "../../vm/options/state.ts";
import { temporary } from "../../files/temporary.ts";
import { attach, detach, reserve } from "./attach.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import { settleGuest } from "../guest/guests.ts";
import { programOutput } from "../model/program_output.ts";
import { makeTap } from "../wiring/guest_tap.ts";
import type { InterfaceRecord, NicRecord, OwnFields, Segment, VmRecord } from "../model/records.ts";
import { checkNodeName } from "../options/names.ts";
import { type VmOptions, vmOptionsSchema } from "../options/vm_options.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/** Makes a virtual machine: switched off, and attached to the requested bridges. */
export function addVm(
  core: LabCore,
  name: string,
  given: VmOptions,
): VmRecord {
  const what = `vm("${name}")`;
  core.open(what);
  checkNodeName(what, name, (n) => core.taken(n));
  const options = parseOptions(vmOptionsSchema, given, what);
  const { profile: wanted = "tiny", accel } = options;
  const profile = typeof wanted === "string" ? profiles.profileNamed(what, wanted) : wanted;
  const cpus = options.cpus ?? profile.cpus ?? 1;
  const memory = options.memory === undefined
    ? profile.memoryBytes
    : memoryBytes(options.memory, hostMemoryBytes(), what);
  const segments = (options.bridges ?? []).map((one) => findLan(core, `${what}: bridges`, one));
  return undoing((defer) => {
    const directory = `${temporary()}/netyard-${crypto.randomUUID().slice(0, 13)}`;
    const node = core.node("vm", name, defer, directory);
    const serial = programOutput(core, name, "stdout");
    const machine = new machines.VirtualMachine({
      host: node.runtime,
      directory,
      profile,
      memoryBytes: memory,
      cpus,
      acceleration: (arch) => qemu.accelerationHere(arch, accel),
      cache: options.bootCache === false
        ? undefined
        : new boots.BootCache(`${cache.cacheDirectory()}/boots`),
      onProgress: (line) => core.output?.log(name, "stderr", new TextEncoder().encode(`${line}\n`)),
      settle: (guest, how) => settleGuest(core, vm, guest, how),
      onState: (state, why) => changed(core, vm, state, why),
      onConsole: (chunk) => void serial.write(chunk),
      watch: () => core.telemetry?.reader(name),
    });
    const vm: VmRecord = Object.assign(
      node,
      {
        defaultInterface: undefined,
        names: new Map(),
        machine,
        nics: new Map(),
        configured: new Map(),
        profile: profile.name,
        memoryBytes: memory,
        cpus,
      } satisfies OwnFields<VmRecord>,
    );
    for (const segment of segments) attachVm(core, vm, segment, defer);
    step("register");
    core.vms.set(name, vm);
    return vm;
  });
}

function changed(core: LabCore, vm: VmRecord, state: VmState, why?: string): void {
  if (state === "booting") vm.configured = new Map();
  if (core.bus.closed) return;
  core.bus.emit({ kind: "vm-state-changed", name: vm.name, state, why: why ?? null });
}

/** Attaches a virtual machine to a segment: by a free NIC that it has, or a new one. */
export function attachVm(
  core: LabCore,
  vm: VmRecord,
  segment: Segment,
  defer: Defer,
  ip?: string,
): InterfaceRecord {
  const name = freeNic(vm) ?? `eth${vm.nics.size}`;
  const { nic, tap } = vm.nics.get(name) ?? newNic(core, vm, defer);
  const iface = reserve(core, vm, segment, {
    name,
    mtu: segment.mtu,
    v4: true,
    v6: true,
    mac: nic.mac,
    ip,
  }, defer);
  const record: NicRecord = { nic, tap, iface };
  vm.nics.set(name, record);
  defer(() => vm.nics.set(name, { nic, tap, iface: undefined }));
  const isDefault = vm.defaultInterface === undefined;
  attach(core, iface, isDefault, defer);
  if (isDefault) {
    vm.defaultInterface = name;
    defer(() => vm.defaultInterface = undefined);
  }
  return iface;
}

function freeNic(vm: VmRecord): string | undefined {
  for (const [name, { iface }] of vm.nics) if (!iface) return name;
}

function newNic(core: LabCore, vm: VmRecord, defer: Defer): NicRecord {
  const slot = vm.nics.size;
  if (slot >= vm.machine.disks.firstSlot) {
    throw new TopologyError(
      `${vm.name}: all ${SLOTS} slots are in use: ${slot} by NICs, ${SLOTS - slot} by disks; ` +
        "detach it from a bridge, or detach a disk, first",
    );
  }
  const mac = core.nextMac(defer);
  step("tap");
  const tap = makeTap(vm, slot);
  return {
    nic: { id: `nic${slot}`, slot, tap: tap.name, mac, linkUp: true },
    tap,
    iface: undefined,
  };
}

/**
 * Detaches an interface of a virtual machine; its NIC stays, without a carrier. Returns the interface
 * to which the default route moved, if it did.
 */
export function detachVm(
  core: LabCore,
  vm: VmRecord,
  iface: InterfaceRecord,
): InterfaceRecord | undefined {
  detach(core, iface);
  vm.nics.get(iface.name)!.iface = undefined;
  if (vm.defaultInterface !== iface.name) return undefined;
  const [next] = vm.interfaces.values();
  vm.defaultInterface = next?.name;
  return next;
}

/** Unplugs a virtual machine for good. Its name stays taken until QEMU has ended. */
export function unplugVm(core: LabCore, vm: VmRecord): void {
  vm.removed = true;
  for (const iface of [...vm.interfaces.values()]) detachVm(core, vm, iface);
  core.unsettled.drop(vm);
}
