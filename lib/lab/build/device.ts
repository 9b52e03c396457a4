import { findLan } from "../model/lookup.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { attach, detach, type InterfaceRequest, reserve } from "./attach.ts";
import { clatLan, startClat, stopClat } from "../nat/clat.ts";
import { perDirection } from "../link/conditions.ts";
import { type Conditions, unimpaired } from "../model/condition_state.ts";
import { moveDefaultRoute } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import {
  type Autoconf,
  defaultInterface,
  type DeviceRecord,
  type InterfaceRecord,
  type OwnFields,
  type Segment,
  type VmRecord,
} from "../model/records.ts";
import { DuplicateNameError, NotFoundError } from "../options/errors.ts";
import { checkInterfaceName, checkNodeName } from "../options/names.ts";
import {
  type DeviceOptions,
  deviceOptionsSchema,
  type InterfaceOptions,
  interfaceOptionsSchema,
} from "../options/options.ts";
import { checkClat, checkListener, checkMtu } from "../options/checks.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/** Builds a device; if that fails, nothing of it is left. */
export function addDevice(core: LabCore, name: string, given: DeviceOptions): DeviceRecord {
  const what = `addDevice("${name}")`;
  core.open(what);
  checkNodeName(what, name, (n) => core.taken(n));
  const options = parseOptions(deviceOptionsSchema, given, what);
  const { interfaces: interfaceOptions = {} } = options;
  const names = Object.keys(interfaceOptions);
  const defaultVia: string | undefined = options.defaultVia ?? names[0];
  if (defaultVia !== undefined && !names.includes(defaultVia)) {
    throw new NotFoundError(
      `${what}: defaultVia "${defaultVia}" is not one of its interfaces: ` +
        (names.join(", ") || "it has none"),
    );
  }
  const gateways = names.map((iface) => {
    checkInterfaceName(what, iface);
    const { gateway } = interfaceOptions[iface];
    const segment = findLan(core, `${what}: gateway of "${iface}"`, gateway);
    checkMtu(what, options.mtu, segment);
    return segment;
  });

  checkListener(what, options.ipv6, gateways);
  if (options.clat) {
    const lans = gateways.map(clatLan);
    checkClat(what, lans, lans[names.indexOf(defaultVia ?? "")]);
  }

  return undoing((defer) => {
    const node = core.node("device", name, defer);
    const device: DeviceRecord = Object.assign(
      node,
      {
        mtu: options.mtu,
        defaultInterface: defaultVia,
        names: new Map(),
        clat: options.clat ?? false,
        activeClat: undefined,
        autoconf: autoconfOf(core, options),
      } satisfies OwnFields<DeviceRecord>,
    );
    // All addresses before any link: a refusal then costs nothing.
    const interfaces = names.map((iface, i) =>
      reserveAt(core, device, gateways[i], iface, requestOf(interfaceOptions[iface]), defer)
    );
    for (const iface of interfaces) attach(core, iface, iface.name === defaultVia, defer);
    const byDefault = device.interfaces.get(defaultVia ?? "");
    // An address that its kernel makes comes later, and `settleClats` is called then.
    if (device.clat && byDefault?.ip6) startClat(core, device, byDefault, defer);
    step("register");
    core.devices.set(name, device);
    return device;
  });
}

/** How a device's kernel makes its IPv6 addresses; undefined if the lab gives them. */
function autoconfOf(core: LabCore, { ipv6 = {} }: DeviceOptions): Autoconf | undefined {
  const { provisioning = core.ipv6.provisioning, privacy = false } = ipv6;
  return provisioning === "ra" ? { privacy } : undefined;
}

/** The part of an interface's options that its link needs. */
function requestOf(
  { ip, ip6, condition }: InterfaceOptions,
): { ip?: string; ip6?: string; conditions: Conditions } {
  const { up, down } = perDirection(condition);
  return {
    ip,
    ip6,
    conditions: {
      up: { ...unimpaired(), requested: up },
      down: { ...unimpaired(), requested: down },
    },
  };
}

/** Reserves addresses of a LAN for an interface that has no link yet. */
export function reserveAt(
  core: LabCore,
  node: DeviceRecord | VmRecord,
  lan: Segment,
  name: string,
  how: Pick<InterfaceRequest, "ip" | "ip6" | "mac" | "conditions" | "broken">,
  defer: Defer,
): InterfaceRecord {
  const { mtu = lan.mtu, autoconf } = node.kind === "device" ? node : {};
  return reserve(core, node, lan, { name, mtu, v4: true, v6: true, autoconf, ...how }, defer);
}

/** Unplugs a device for good. Its name stays taken until its programs have ended. */
export function unplugDevice(core: LabCore, device: DeviceRecord): void {
  device.removed = true;
  stopClat(device);
  for (const iface of [...device.interfaces.values()]) detach(core, iface);
  core.unsettled.drop(device);
}

/** Adds an interface to an existing device. */
export function addInterface(
  core: LabCore,
  device: DeviceRecord,
  name: string,
  given: InterfaceOptions,
): InterfaceRecord {
  const what = `${device.name}: addInterface("${name}")`;
  checkInterfaceName(what, name);
  if (device.interfaces.has(name)) {
    throw new DuplicateNameError(`${what}: it already has an interface "${name}"`);
  }
  const options = parseOptions(interfaceOptionsSchema, given, what);
  const segment = findLan(core, `${what}: gateway`, options.gateway);
  checkMtu(what, device.mtu, segment);
  const isDefault = device.defaultInterface === undefined;
  return undoing((defer) => {
    const iface = reserveAt(core, device, segment, name, requestOf(options), defer);
    attach(core, iface, isDefault, defer);
    step("register");
    if (isDefault) device.defaultInterface = name;
    return iface;
  });
}

/** Removes an interface; a default route moves to the first one that remains, which is returned. */
export function removeInterface(
  core: LabCore,
  device: DeviceRecord,
  iface: InterfaceRecord,
): InterfaceRecord | undefined {
  const wasDefault = device.defaultInterface === iface.name;
  const next = [...device.interfaces.values()].find((other) => other !== iface);
  if (wasDefault && next) moveDefaultRoute(core, iface, next);
  detach(core, iface);
  if (!wasDefault) return undefined;
  device.defaultInterface = next?.name;
  return next;
}

/** Chooses the interface of the default route. */
export function setDefaultRoute(core: LabCore, device: DeviceRecord, iface: InterfaceRecord): void {
  moveDefaultRoute(core, defaultInterface(device), iface);
  device.defaultInterface = iface.name;
}
