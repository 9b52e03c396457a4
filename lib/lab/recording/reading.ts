/**
 * The recording of a lab: what `record` can read of a topology, and the recorder of a lab that is
 * recorded. Imports `model` and the domain folder `record`. Begin with `recording.ts`.
 *
 * @module
 */
import { closeFd } from "../../../native/libc.ts";
import { allLinkCounters } from "../../../native/netlink/link_counters.ts";
import { exchange, openNetlink } from "../../../native/netlink/socket.ts";
import { composeLimits, type ImpairmentCounters, resolveCondition } from "../../link/mod.ts";
import type { NetworkReading } from "../../record/recorder.ts";
import type { Counters, InterfaceSample, LinkSample } from "../../record/sample.ts";
import type { Lateness } from "../../record/verdict.ts";
import { type ConditionState, effective } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { NodeRecord } from "../model/records.ts";
import { hasRouterCounters, readRouterCounters } from "../wiring/router_counters.ts";

/** Reads all counters of a lab. What is removed meanwhile is left out. */
export function readNetwork(core: LabCore): NetworkReading {
  const interfaces: Record<string, InterfaceSample> = {};
  const nat: Counters["nat"] = {};
  const firewall: Counters["firewall"] = {};
  for (const node of core.allNodes()) {
    const names = linkNames(core, node);
    const tracks = node.kind === "router" && hasRouterCounters(node);
    if (node.removed || (names.length === 0 && !tracks)) continue;
    try {
      node.runtime.namespace.enter(() => {
        if (names.length > 0) readInterfaces(node.name, names, interfaces);
        if (!tracks) return;
        const counters = readRouterCounters(node);
        if (counters.nat) nat[node.name] = counters.nat;
        if (counters.firewall) firewall[node.name] = counters.firewall;
      });
    } catch {
      // Its namespace is closed by now.
    }
  }
  const { links, late } = readLinks(core);
  return { counters: { interfaces, links, nat, firewall }, late };
}

/** How late the emulator's packets are at this moment. */
export function readLateness(core: LabCore): Lateness[] {
  return readLinks(core).late;
}

/** The interfaces of a node that are counted, without the other ends of links that others count. */
export function linkNames(
  core: LabCore,
  node: NodeRecord,
): { name: string; index: number }[] {
  const found = [...node.interfaces.values()].filter(({ index }) => index > 0)
    .map(({ name, index }) => ({ name, index }));
  const segment = node.kind === "router" ? node.lan : undefined;
  if (segment?.gatewayLink) found.push({ name: "lan", index: segment.gatewayLink.index });
  if (node.kind === "bridge" && node.segment.gatewayLink) found.push(node.segment.gatewayLink);
  if (node.kind === "region") {
    for (const { ends } of core.regionLinks.values()) {
      found.push(...ends.filter(({ region }) => region === node));
    }
  }
  return found;
}

function readInterfaces(
  node: string,
  names: { name: string; index: number }[],
  into: Record<string, InterfaceSample>,
): void {
  const fd = openNetlink();
  try {
    const counters = allLinkCounters((write) => exchange(fd, write));
    for (const { name, index } of names) {
      const one = counters.get(index);
      if (!one) continue;
      const { rxPackets, txPackets, rxBytes, txBytes, rxDropped, txDropped } = one;
      into[`${node}/${name}`] = { rxPackets, txPackets, rxBytes, txBytes, rxDropped, txDropped };
    }
  } finally {
    closeFd(fd);
  }
}

/** Reads the counters of all impaired links, and how late the packets of each direction are. */
function readLinks(core: LabCore): { links: Record<string, LinkSample>; late: Lateness[] } {
  const links: Record<string, LinkSample> = {};
  const late: Lateness[] = [];
  const measures = core.links.kind === "emulator";
  for (const { key, direction, state } of conditions(core)) {
    const counters = state.impairment && readImpairment(state.impairment);
    if (!counters) continue;
    const asked = composeLimits(resolveCondition(effective(state)), state.also) ?? {};
    const { late: lateOnes, meanLateMs, maxLateMs, ...counted } = counters;
    const measured = measures ? { late: lateOnes, meanLateMs, maxLateMs } : {};
    links[key] = { ...links[key], [direction]: { asked, ...counted, ...measured } };
    if (!measures) continue;
    const { packets } = counters;
    const askedMs = asked.latencyMs ?? 0;
    late.push({ link: `${key} ${direction}`, askedMs, packets, meanLateMs, maxLateMs });
  }
  return { links, late };
}

/** The counters of an impairment; undefined once its link engine has failed. */
function readImpairment(impairment: { counters(): ImpairmentCounters }) {
  try {
    return rounded(impairment.counters());
  } catch {
    return undefined;
  }
}

interface Direction {
  key: string;
  direction: "up" | "down";
  state: ConditionState;
}

/** The conditions of all links: of interfaces, of routers' downlinks, and between regions. */
function* conditions(core: LabCore): Iterable<Direction> {
  for (const node of core.allNodes()) {
    for (const { name, conditions: { up, down } } of node.interfaces.values()) {
      const key = `${node.name}/${name}`;
      yield { key, direction: "up", state: up };
      yield { key, direction: "down", state: down };
    }
    if (node.kind === "router") {
      yield { key: `${node.name}/lan`, direction: "up", state: node.lan.downlink };
    }
  }
  for (const { ends } of core.regionLinks.values()) {
    for (const { region, name, condition } of ends) {
      yield { key: `${region.name}/${name}`, direction: "up", state: condition };
    }
  }
}

/** With means of a microsecond: their last digits change with every packet. */
const rounded = (counters: ImpairmentCounters): ImpairmentCounters => ({
  ...counters,
  meanLateMs: round(counters.meanLateMs),
  maxLateMs: round(counters.maxLateMs),
});

const round = (ms: number) => Math.round(ms * 1000) / 1000;
