import { replaceTable } from "../wiring/rules.ts";
import {
  type AddressFamily,
  addressFamilySchema,
  BROKEN_TABLE,
  type BrokenFamilies,
  brokenForwarding,
  brokenHost,
  brokenPorts,
  type FamilyBreak,
  familyBreakSchema,
} from "../../firewall/broken_family.ts";
import { parseOptions } from "../../options/parse_options.ts";
import type { LabCore } from "../model/lab.ts";
import type { InterfaceRecord, NodeRecord, RouterRecord, Segment } from "../model/records.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/** Broken address families: in what a router forwards, or on an interface of a device. */

/** Parses the arguments of `setFamilyBroken()`: the family, and how to break it; undefined to repair it. */
export function askedBreak(
  what: string,
  family: unknown,
  broken: unknown,
): [AddressFamily, FamilyBreak | undefined] {
  const name = parseOptions(addressFamilySchema, family, `${what}: family`);
  const requested = parseOptions(familyBreakSchema, broken, `${what}: broken`);
  if (requested === false) return [name, undefined];
  return [name, (requested === true ? undefined : requested.how) ?? "drop"];
}

/** Breaks or repairs a family in what a router forwards. */
export function breakForwarding(
  core: LabCore,
  router: RouterRecord,
  family: AddressFamily,
  how: FamilyBreak | undefined,
): void {
  change(
    router,
    family,
    how,
    () => replaceTable(router, "inet", BROKEN_TABLE, brokenForwarding(router.broken)),
  );
  tell(core, router, null, family, how);
}

/** Breaks or repairs a family on an interface of a device. */
export function breakInterface(
  core: LabCore,
  iface: InterfaceRecord,
  family: AddressFamily,
  how: FamilyBreak | undefined,
): void {
  change(iface, family, how, () => {
    loadHost(iface.node);
    loadPorts(iface.segment);
  });
  tell(core, iface.node, iface.name, family, how);
}

function change(
  of: { broken: BrokenFamilies },
  family: AddressFamily,
  how: FamilyBreak | undefined,
  loadAll: () => void,
): void {
  undoing((defer) => {
    const before = of.broken;
    const { [family]: _, ...others } = before;
    defer(loadAll);
    defer(() => of.broken = before);
    step("broken family");
    of.broken = how === undefined ? others : { ...others, [family]: how };
    loadAll();
  });
}

/** Applies the broken families of an interface to the segment that it was plugged into. */
export function breakPlugged({ broken, segment }: InterfaceRecord, defer: Defer): void {
  if (!isBroken(broken)) return;
  defer(() => loadPorts(segment));
  step("broken family");
  loadPorts(segment);
}

/**
 * Removes the rules of an interface that has left its segment. Rules that name a deleted link would
 * apply to the next link of that name: from Linux 6.16 on, even rules of a netdev chain.
 */
export function forgetBroken({ broken, node, segment, removed }: InterfaceRecord): void {
  if (!isBroken(broken)) return;
  loadPorts(segment);
  if (removed) loadHost(node);
}

const isBroken = (broken: BrokenFamilies) => Object.keys(broken).length > 0;

function loadHost(node: NodeRecord): void {
  if (node.removed) return;
  replaceTable(node, "inet", BROKEN_TABLE, brokenHost(node.interfaces.values()));
}

function loadPorts({ owner, members }: Segment): void {
  const ports = [...members].map(([{ broken }, { name }]) => ({ name, broken }));
  if (!owner.removed) replaceTable(owner, "netdev", BROKEN_TABLE, brokenPorts(ports));
}

function tell(
  core: LabCore,
  node: NodeRecord,
  name: string | null,
  family: AddressFamily,
  how: FamilyBreak | undefined,
): void {
  core.bus.emit({ kind: "family-broken", node: node.name, name, family, how: how ?? null });
}
