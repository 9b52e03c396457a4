import { attachedBy, memberNode } from "../bridging/members.ts";
import {
  defaultInterface,
  type InterfaceRecord,
  type NodeRecord,
  type Segment,
} from "../model/records.ts";
import { attach } from "./attach.ts";
import { attachVm, detachVm } from "./vm.ts";
import { interfacesOn } from "../wiring/bridge_rules.ts";
import { removeInterface, reserveAt } from "./device.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import type { Member } from "../options/bridge_options.ts";
import { checkMtu } from "../options/checks.ts";
import { interfaceState } from "../model/event_state.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/** Attaches nodes to bridges, and detaches them. */

/** Attaches nodes by new interfaces: all of them or none. Attached ones are left unchanged. */
export function attachMembers(core: LabCore, segment: Segment, given: Member[]): void {
  const what = `bridge "${segment.name}": attach()`;
  const nodes = new Set(given.map((member) => memberNode(core, what, member)));
  const devices = [...nodes].filter(({ name }) => interfacesOn(segment, name).length === 0);
  for (const node of devices) {
    if (node.kind === "vm") continue;
    if (node.kind !== "device") {
      throw new TopologyError(
        `${what}: "${node.name}" is a ${node.kind}, which is attached when it is added; ` +
          "attach devices and virtual machines",
      );
    }
    checkMtu(`${what}: "${node.name}"`, node.mtu, segment);
  }
  const hadDefault = new Set(devices.filter((one) => defaultInterface(one)));
  const interfaces = undoing((defer) => attachAll(core, segment, devices, defer));
  for (const iface of interfaces) {
    const { node, name } = iface;
    core.bus.emit({ kind: "interface-added", node: node.name, interface: interfaceState(iface) });
    if (!hadDefault.has(node)) {
      core.bus.emit({ kind: "default-route-changed", node: node.name, name });
    }
    const about = { bridge: segment.name, member: node.name, interface: name };
    core.bus.emit({ kind: "member-attached", ...about });
  }
}

function attachAll(
  core: LabCore,
  segment: Segment,
  nodes: NodeRecord[],
  defer: Defer,
): InterfaceRecord[] {
  const devices = nodes.filter((node) => node.kind === "device");
  const vms = nodes.filter((node) => node.kind === "vm");
  // All addresses before any link: a refusal then costs nothing.
  const interfaces = devices.map((device) =>
    reserveAt(core, device, segment, nextName(device), {}, defer)
  );
  const nics = vms.map((vm) => attachVm(core, vm, segment, defer));
  devices.forEach((device, i) => {
    const isDefault = device.defaultInterface === undefined;
    attach(core, interfaces[i], isDefault, defer);
    step("register");
    if (!isDefault) return;
    device.defaultInterface = interfaces[i].name;
    defer(() => device.defaultInterface = undefined);
  });
  return [...interfaces, ...nics];
}

function nextName({ links }: NodeRecord): string {
  for (let n = 0;; n++) if (!links.has(`eth${n}`)) return `eth${n}`;
}

/** Detaches a node and removes its interface. `how` names the call in messages. */
export function detachMember(core: LabCore, segment: Segment, member: Member, how: string): void {
  const what = `bridge "${segment.name}": ${how}`;
  const node = memberNode(core, what, member);
  const interfaces = attachedBy(segment, what, node.name);
  if (node.kind !== "device" && node.kind !== "vm") {
    throw new TopologyError(
      `${what}: "${node.name}" is a ${node.kind}, which cannot be detached; ` +
        `call remove("${node.name}")`,
    );
  }
  for (const iface of interfaces) {
    const next = node.kind === "vm"
      ? detachVm(core, node, iface)
      : removeInterface(core, node, iface);
    core.bus.emit({ kind: "interface-removed", node: node.name, name: iface.name });
    if (next) {
      core.bus.emit({ kind: "default-route-changed", node: node.name, name: next.name });
    }
    const about = { bridge: segment.name, member: node.name, interface: iface.name };
    core.bus.emit({ kind: "member-detached", ...about });
  }
}
