import {
  defaultInterface,
  type InterfaceRecord,
  type NodeRecord,
  type Segment,
} from "../model/records.ts";
import { findNode } from "../model/lookup.ts";
import { nearest } from "../../options/nearest.ts";
import { attach } from "./attach.ts";
import { attachVm, detachVm } from "./vm.ts";
import { interfacesOn } from "../wiring/bridge_rules.ts";
import { removeInterface, reserveAt } from "./device.ts";
import type { LabCore } from "../model/lab.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import { handles } from "../model/handles.ts";
import type { Member } from "../options/bridge_options.ts";
import { checkMtu } from "../options/checks.ts";
import { interfaceState } from "../model/event_state.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/** Who is on a bridge: attaching and detaching. */

/** The names of those who are attached, in the order in which they were. */
export function memberNodes({ members }: Segment): string[] {
  return [...new Set([...members.keys()].map(({ node }) => node.name))];
}

/** The node that a caller means; it may be attached or not. */
export function memberNode(core: LabCore, what: string, member: Member): NodeRecord {
  const isHandle = typeof member === "object" && member !== null && handles.has(member);
  if (isHandle) return mustAttach(what, findNode(core, what, member));
  const name = typeof member === "string" ? member : member?.name;
  const known = [...core.allNodes()].filter(isMember);
  const node = known.find((node) => node.name === name && !node.removed);
  if (node) return node;
  const names = known.map((node) => node.name);
  const meant = typeof name === "string" ? nearest(name, names) : undefined;
  throw new NotFoundError(
    `${what}: there is no node ${JSON.stringify(name)} in the lab` +
      (meant === undefined
        ? `; there are: ${names.join(", ") || "none yet"}`
        : `; did you mean "${meant}"?`),
  );
}

const isMember = ({ kind }: NodeRecord) => !["ix", "region", "bridge"].includes(kind);

function mustAttach(what: string, node: NodeRecord): NodeRecord {
  if (isMember(node)) return node;
  throw new TopologyError(
    `${what}: "${node.name}" is a ${node.kind}, and no bridge has it as member`,
  );
}

/** Attaches devices by new interfaces: all of them, or none. Those who are attached stay as they are. */
export function attachMembers(core: LabCore, segment: Segment, given: Member[]): void {
  const what = `bridge "${segment.name}": attach()`;
  const nodes = new Set(given.map((member) => memberNode(core, what, member)));
  const devices = [...nodes].filter(({ name }) => interfacesOn(segment, name).length === 0);
  for (const node of devices) {
    if (node.kind === "vm") continue;
    if (node.kind !== "device") {
      throw new TopologyError(
        `${what}: "${node.name}" is a ${node.kind}, which is attached where it is made; ` +
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
  // All addresses before any link: what is refused has cost nothing then.
  const interfaces = devices.map((device) =>
    reserveAt(core, device, segment, nextName(device), {}, defer)
  );
  const cards = vms.map((vm) => attachVm(core, vm, segment, defer));
  devices.forEach((device, i) => {
    const isDefault = device.defaultInterface === undefined;
    attach(core, interfaces[i], isDefault, defer);
    step("register");
    if (!isDefault) return;
    device.defaultInterface = interfaces[i].name;
    defer(() => device.defaultInterface = undefined);
  });
  return [...interfaces, ...cards];
}

function nextName({ links }: NodeRecord): string {
  for (let n = 0;; n++) if (!links.has(`eth${n}`)) return `eth${n}`;
}

/** Detaches a node; its interface is gone. */
export function detachMember(core: LabCore, segment: Segment, member: Member, how: string): void {
  const what = `bridge "${segment.name}": ${how}`;
  const node = memberNode(core, what, member);
  const interfaces = attachedBy(segment, what, node.name);
  if (node.kind !== "device" && node.kind !== "vm") {
    throw new TopologyError(
      `${what}: "${node.name}" is a ${node.kind}, which is attached as long as it is there; ` +
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

/** The interfaces by which a member is attached; refused where there is none. */
export function attachedBy(segment: Segment, what: string, name: string): InterfaceRecord[] {
  const interfaces = interfacesOn(segment, name);
  if (interfaces.length > 0) return interfaces;
  const members = memberNodes(segment).join(", ") || "nobody";
  throw new NotFoundError(
    `${what}: "${name}" is not attached to bridge "${segment.name}"; attached are: ${members}; ` +
      "call attach() first",
  );
}

/** Refuses a way between two members of which one is not attached, or not up. */
export function mustBeUp(segment: Segment, what: string, names: string[]): void {
  for (const name of names) {
    const interfaces = attachedBy(segment, what, name);
    if (interfaces.some(({ up }) => up)) continue;
    throw new TopologyError(
      `${what}: "${name}" is attached, but its interface "${interfaces[0].name}" is down; ` +
        "call linkUp() first",
    );
  }
}
