import {
  device,
  fail,
  interfaceIndex,
  machine,
  mustBeNew,
  mustExist,
  mustMatch,
  own,
  removeInterface,
  router,
  setHost,
  setInterface,
  setInterfaces,
  setPrefix,
  setRouter,
  setTranslationV6,
} from "./draft.ts";
import { setBroken } from "./broken.ts";
import { withCondition, withoutConditions } from "./condition.ts";
import { applyToBridges, bridgeOrRouter } from "./bridges.ts";
import { applyToRegions } from "./regions.ts";
import type { LabEvent, LabState } from "./types.ts";

/**
 * Changes `draft`, in time that does not depend on the size of the lab. The records by name are
 * changed in place; what they hold is replaced, never changed, for snapshots and events share it.
 * Where it throws, `draft` is as before.
 */
export function apply(draft: LabState, event: LabEvent): void {
  if (event.seq !== draft.lastSeq + 1) {
    fail(event, `event ${draft.lastSeq + 1} was to come next; some are missing, or came twice`);
  }
  applyBody(draft, event);
  draft.lastSeq = event.seq;
}

function applyBody(draft: LabState, event: LabEvent): void {
  switch (event.kind) {
    case "lab-created":
      if (draft.startedAt !== "") fail(event, "the lab was created before");
      draft.label = event.label;
      if (event.seed !== undefined) draft.seed = event.seed;
      draft.startedAt = event.at;
      return;
    case "lab-closed":
      draft.closedAt = event.at;
      return;
    case "router-added":
      mustBeNew(draft, event, event.name);
      mustMatch(event, event.name, event.router.name);
      draft.routers[event.name] = event.router;
      return;
    case "device-added":
      mustBeNew(draft, event, event.name);
      mustMatch(event, event.name, event.device.name);
      draft.devices[event.name] = event.device;
      return;
    case "router-removed":
      router(draft, event, event.name);
      delete draft.routers[event.name];
      delete draft.dns.nodes[event.name];
      return;
    case "device-removed":
      device(draft, event, event.name);
      delete draft.devices[event.name];
      delete draft.dns.nodes[event.name];
      return;
    case "region-added":
    case "region-removed":
    case "region-linked":
    case "region-unlinked":
    case "region-link-broken":
    case "region-link-restored":
      return applyToRegions(draft, event);
    case "vm-added":
      mustBeNew(draft, event, event.name);
      mustMatch(event, event.name, event.vm.name);
      draft.vms = { ...draft.vms, [event.name]: event.vm };
      return;
    case "vm-removed": {
      machine(draft, event, event.name);
      const { [event.name]: _, ...others } = draft.vms!;
      if (Object.keys(others).length > 0) draft.vms = others;
      else delete draft.vms;
      delete draft.dns.nodes[event.name];
      return;
    }
    case "vm-state-changed":
      draft.vms![event.name] = { ...machine(draft, event, event.name), state: event.state };
      return;
    case "bridge-added":
    case "bridge-removed":
    case "member-attached":
    case "member-detached":
    case "member-disconnected":
    case "member-reconnected":
    case "bridge-partitions-changed":
    case "bridge-impairments-changed":
    case "bridges-routed":
    case "bridges-unrouted":
    case "uplink-enabled":
    case "uplink-disabled":
      return applyToBridges(draft, event);
    case "interface-added":
      return setInterfaces(draft, event, event.node, (interfaces) => {
        if (interfaces.some(({ name }) => name === event.interface.name)) {
          fail(event, `"${event.node}" has an interface "${event.interface.name}" already`);
        }
        return [...interfaces, event.interface];
      });
    case "interface-removed":
      return removeInterface(draft, event);
    case "interface-replugged":
      bridgeOrRouter(draft, event, event.gateway);
      mustMatch(event, event.name, event.interface.name);
      return setInterface(draft, event, () => ({ ...event.interface, gateway: event.gateway }));
    case "interface-changed":
      mustMatch(event, event.name, event.interface.name);
      return setInterface(draft, event, () => event.interface);
    case "link-down":
    case "link-up":
      return setInterface(draft, event, (old) => ({ ...old, up: event.kind === "link-up" }));
    case "condition-changed":
      return setInterface(
        draft,
        event,
        (old) => withCondition(old, event.direction, event.condition),
      );
    case "downlink-condition-changed": {
      const { downlinkCondition: _, ...bare } = router(draft, event, event.router);
      const { condition } = event;
      draft.routers[event.router] = condition === null
        ? bare
        : { ...bare, downlinkCondition: condition };
      return;
    }
    case "fault-injected":
      if (Object.hasOwn(draft.faults ?? {}, event.id)) fail(event, `fault ${event.id} is there`);
      draft.faults = { ...draft.faults, [event.id]: event.fault };
      return;
    case "fault-healed": {
      if (!Object.hasOwn(draft.faults ?? {}, event.id)) {
        fail(event, `there is no fault ${event.id}`);
      }
      const { [event.id]: _, ...others } = draft.faults!;
      if (Object.keys(others).length > 0) draft.faults = others;
      else delete draft.faults;
      return;
    }
    case "fault-failed":
    case "schedule-step":
    case "translation-failed":
      return;
    case "link-engine-failed":
      withoutConditions(draft);
      return;
    case "default-route-changed":
      return setHost(draft, event, event.node, ({ interfaces }) => {
        interfaceIndex(event, interfaces, event.name);
        return { defaultInterface: event.name };
      });
    case "nat-changed":
      return setRouter(draft, event, { nat: event.nat });
    case "nat-v6-changed":
      return setTranslationV6(draft, event);
    case "firewall-changed":
      return setRouter(draft, event, { firewall: event.firewall });
    case "ra-changed": {
      const { enabled, intervalSecs, lifetimeSecs } = event;
      return setRouter(draft, event, {
        routerAdvertisement: { enabled, intervalSecs, lifetimeSecs },
      });
    }
    case "family-broken":
      return setBroken(draft, event);
    case "icmp-frag-needed-blocked":
      return setRouter(draft, event, { blockIcmpFragNeeded: event.blocked });
    case "prefix-delegated":
      return setPrefix(draft, event);
    case "nat-flushed":
      router(draft, event, event.router);
      return;
    case "dns-entry": {
      if (event.node !== null) mustExist(draft, event, event.node);
      const table = event.node === null
        ? draft.dns.lab
        : own(draft.dns.nodes, event.node) ?? (draft.dns.nodes[event.node] = {});
      const ips = own(table, event.name) ?? [];
      if (!ips.includes(event.ip)) table[event.name] = [...ips, event.ip];
      return;
    }
    case "nameserver-changed":
      draft.nameserver = event.ip;
      return;
    case "command-started":
    case "task-started": {
      mustExist(draft, event, event.node);
      const { node, id } = event;
      if (Object.hasOwn(draft.running, id)) fail(event, `command or module ${id} runs already`);
      draft.running[id] = { node, argv: "argv" in event ? event.argv : [event.module] };
      return;
    }
    case "command-ended":
    case "task-ended":
      // By id alone: removing a node kills its commands, and their end is heard of after it.
      if (!Object.hasOwn(draft.running, event.id)) {
        fail(event, `no command or module ${event.id} runs on "${event.node}"`);
      }
      delete draft.running[event.id];
      return;
    case "reflector-started":
      mustExist(draft, event, event.node);
      return;
    case "reflector-stopped":
    case "thread-failed":
      // Removing a node ends what runs in it, which may be heard of after it.
      return;
    case "custom":
      if (event.node !== null) mustExist(draft, event, event.node);
      return;
    default:
      event satisfies never;
  }
}
