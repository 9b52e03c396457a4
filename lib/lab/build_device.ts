import { parseOptions } from "../options/parse_options.ts";
import { attach, detach } from "./attach.ts";
import { defaultInterface, type LabCore } from "./core.ts";
import { DuplicateNameError, NotFoundError, TopologyError } from "./errors.ts";
import type { DeviceRecord, InterfaceRecord, RouterRecord } from "./model.ts";
import { checkInterfaceName, checkNodeName } from "./names.ts";
import {
  type DeviceOptions,
  deviceOptionsSchema,
  type InterfaceOptions,
  interfaceOptionsSchema,
} from "./options.ts";
import { step } from "./steps.ts";
import { moveDefaultRoute } from "./wiring.ts";

/** Builds a device; on failure nothing of it is left. */
export function addDevice(core: LabCore, name: string, given: DeviceOptions): DeviceRecord {
  const what = `addDevice("${name}")`;
  core.open(what);
  checkNodeName(what, name, (n) => core.taken(n));
  const options = parseOptions(deviceOptionsSchema, given, what);
  const names = Object.keys(options.interfaces);
  const defaultVia = options.defaultVia ?? names[0];
  if (!names.includes(defaultVia)) {
    throw new NotFoundError(
      `${what}: defaultVia "${defaultVia}" is not one of its interfaces: ${names.join(", ")}`,
    );
  }
  const gateways = names.map((iface) => {
    checkInterfaceName(what, iface);
    const { gateway } = options.interfaces[iface];
    const router = core.router(`${what}: gateway of "${iface}"`, gateway);
    checkMtu(what, options.mtu, router);
    return router;
  });

  using undo = new DisposableStack();
  const node = core.node("device", name);
  undo.defer(() => void node.runtime.close());
  const device: DeviceRecord = Object.assign(node, {
    mtu: options.mtu,
    defaultInterface: defaultVia,
    names: new Map(),
  });
  names.forEach((iface, i) => {
    const { ip } = options.interfaces[iface];
    const attached = plug(core, device, gateways[i], iface, {
      ip,
      isDefault: iface === defaultVia,
    });
    undo.defer(() => detach(core, attached));
  });
  step("register");
  core.devices.set(name, device);
  undo.move();
  return device;
}

function checkMtu(what: string, mtu: number | undefined, router: RouterRecord): void {
  if (mtu !== undefined && mtu < 1280 && router.ipSupport !== "v4-only") {
    throw new TopologyError(
      `${what}: mtu ${mtu} is too small for the IPv6 of router "${router.name}", which needs 1280`,
    );
  }
}

function plug(
  core: LabCore,
  device: DeviceRecord,
  router: RouterRecord,
  name: string,
  how: { ip?: string; isDefault: boolean; mac?: string },
): InterfaceRecord {
  const iface = attach(core, device, router.lan, {
    name,
    mtu: device.mtu ?? router.lan.mtu,
    v4: true,
    v6: true,
    ...how,
  });
  device.links.add(name);
  return iface;
}

/** Removes a device with all that runs in it. */
export async function removeDevice(core: LabCore, device: DeviceRecord): Promise<void> {
  for (const iface of [...device.interfaces.values()]) detach(core, iface);
  device.removed = true;
  core.devices.delete(device.name);
  await device.runtime.close();
}

/** Adds an interface to a device that is there. */
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
  const router = core.router(`${what}: gateway`, options.gateway);
  checkMtu(what, device.mtu, router);
  const isDefault = device.defaultInterface === undefined;
  const iface = plug(core, device, router, name, { ip: options.ip, isDefault });
  if (isDefault) device.defaultInterface = name;
  return iface;
}

/** Takes an interface away; the default route moves to the first of those that are left. */
export function removeInterface(
  core: LabCore,
  device: DeviceRecord,
  iface: InterfaceRecord,
): InterfaceRecord | undefined {
  const wasDefault = device.defaultInterface === iface.name;
  detach(core, iface);
  device.links.delete(iface.name);
  if (!wasDefault) return undefined;
  const [next] = device.interfaces.values();
  device.defaultInterface = next?.name;
  if (next) moveDefaultRoute(undefined, next);
  return next;
}

/** Chooses the interface of the default route. */
export function setDefaultRoute(device: DeviceRecord, iface: InterfaceRecord): void {
  moveDefaultRoute(defaultInterface(device), iface);
  device.defaultInterface = iface.name;
}
