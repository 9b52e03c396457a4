import { findNode } from "../model/lookup.ts";
import { milliseconds } from "../../options/duration.ts";
import { applyEnd, DIRECTIONS, emitCondition } from "../link/conditions.ts";
import type { ConditionState } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import { applyDownlink, emitDownlink } from "../link/downlink.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import type {
  DegradeDownlinkFault,
  DegradeFault,
  DegradeRegionsFault,
  Fault,
  FlapFault,
  OnInterface,
} from "./types.ts";
import type { InterfaceRecord, RouterRecord } from "../model/records.ts";
import { linkOf } from "../routing/find_region.ts";
import { holdLinkDown, releaseLink } from "../routing/region_breaks.ts";
import type { RegionLinkRecord } from "../model/region_link.ts";
import { eachEnd, emitRegionLink, putRegionEnd } from "../routing/region_links.ts";
import { undoing, withoutUndo } from "../model/undo.ts";
import { holdDown, releaseDown } from "../link/up_down.ts";

/** Undoes a fault, whatever has changed meanwhile. */
export type Undo = () => void;

/** The callbacks of a fault. */
export interface FaultHooks {
  /** Called when a later step of a fault fails, such as the next flap. */
  failed(error: unknown): void;
}

/** Starts a fault, and returns the function that undoes exactly this fault. */
export function startFault(core: LabCore, what: string, fault: Fault, hooks: FaultHooks): Undo {
  switch (fault.kind) {
    case "link-down": {
      const iface = find(core, what, fault);
      holdDown(core, iface, fault);
      return () => release(core, iface, fault);
    }
    case "flap":
      return flap(core, find(core, what, fault), fault, hooks);
    case "degrade":
      return degrade(core, find(core, what, fault), fault);
    case "degrade-downlink":
      return degradeDownlink(core, findRouter(core, what, fault), fault);
    case "partition":
      return partition(core, linkOf(core, what, fault.a, fault.b), fault);
    case "degrade-regions":
      return degradeRegions(core, linkOf(core, what, fault.a, fault.b), fault);
  }
}

function find(core: LabCore, what: string, { node, interface: name }: OnInterface) {
  const record = findNode(core, what, node);
  const iface = record.interfaces.get(name);
  if (iface) return iface;
  const names = [...record.interfaces.keys()].join(", ") || "none";
  throw new NotFoundError(
    `${what}: "${record.name}" has no interface "${name}"; it has: ${names}`,
  );
}

function findRouter(core: LabCore, what: string, { node }: DegradeDownlinkFault): RouterRecord {
  const record = findNode(core, what, node);
  if (record.kind === "router") return record;
  throw new TopologyError(
    `${what}: "${record.name}" is not a router; only routers have a downlink`,
  );
}

/** Whether there is nothing left to undo; always so when the lab closes. */
const isGone = (core: LabCore, iface: InterfaceRecord) =>
  core.closed || iface.removed || iface.node.removed;

function release(core: LabCore, iface: InterfaceRecord, fault: object): void {
  if (!isGone(core, iface)) releaseDown(core, iface, fault);
}

function flap(core: LabCore, iface: InterfaceRecord, fault: FlapFault, hooks: FaultHooks): Undo {
  const { times = Infinity } = fault;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let begun = 0;
  const down = () => {
    holdDown(core, iface, fault);
    begun++;
    core.settle().catch(hooks.failed);
    timer = setTimeout(() => attempt(up), milliseconds(fault.down));
  };
  const up = () => {
    release(core, iface, fault);
    core.settle().catch(hooks.failed);
    if (begun < times) timer = setTimeout(() => attempt(down), milliseconds(fault.up));
  };
  const attempt = (next: () => void) => {
    try {
      if (!isGone(core, iface)) next();
    } catch (error) {
      hooks.failed(error);
    }
  };
  down();
  return () => {
    clearTimeout(timer);
    release(core, iface, fault);
  };
}

function degrade(core: LabCore, iface: InterfaceRecord, fault: DegradeFault): Undo {
  const { direction = "both", condition } = fault;
  const overlay = { condition };
  const change = (act: (condition: ConditionState) => void) => {
    for (const way of DIRECTIONS[direction]) {
      act(iface.conditions[way]);
      applyEnd(core, iface, way);
    }
  };
  const remove = () => change(({ faults }) => removeFrom(faults, overlay));
  undoing((defer) => {
    defer(remove);
    change(({ faults }) => faults.push(overlay));
  });
  emitCondition(core, iface, direction);
  return () => {
    if (isGone(core, iface)) return;
    remove();
    emitCondition(core, iface, direction);
  };
}

function degradeDownlink(core: LabCore, router: RouterRecord, fault: DegradeDownlinkFault): Undo {
  const { lan } = router;
  const overlay = { condition: fault.condition };
  const remove = () => {
    removeFrom(lan.downlink.faults, overlay);
    applyDownlink(core, lan, withoutUndo);
  };
  undoing((defer) => {
    defer(remove);
    lan.downlink.faults.push(overlay);
    applyDownlink(core, lan, defer);
  });
  emitDownlink(core, router);
  return () => {
    if (core.closed || router.removed) return;
    remove();
    emitDownlink(core, router);
  };
}

function partition(core: LabCore, link: RegionLinkRecord, fault: object): Undo {
  holdLinkDown(core, link, fault);
  return () => {
    if (isThere(core, link)) releaseLink(core, link, fault);
  };
}

function degradeRegions(core: LabCore, link: RegionLinkRecord, fault: DegradeRegionsFault): Undo {
  const overlay = { condition: fault.link };
  const change = (act: (condition: ConditionState) => void) => {
    for (const [near, far] of eachEnd(link)) {
      act(near.condition);
      putRegionEnd(core, near, far);
    }
  };
  const remove = () => change(({ faults }) => removeFrom(faults, overlay));
  undoing((defer) => {
    defer(remove);
    change(({ faults }) => faults.push(overlay));
  });
  emitRegionLink(core, link);
  return () => {
    if (!isThere(core, link)) return;
    remove();
    emitRegionLink(core, link);
  };
}

const isThere = (core: LabCore, link: RegionLinkRecord) =>
  !core.closed && [...core.regionLinks.values()].includes(link);

function removeFrom<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
