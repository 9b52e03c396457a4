import type { LabState } from "../../../events/states/lab.ts";
import { conditionText } from "../../../events/text.ts";
import { destinationText, type Hop, type Journey, type OwnerOf } from "../../../packets/mod.ts";
import { firewallWords } from "../words.ts";

/** The end of a packet's way, as far as captures and the state of the lab tell. */
export type Fate =
  /** It came to its destination, or nothing is known about it. */
  | { kind: "arrived" }
  | { kind: "unknown" }
  /** It left an interface and did not come to the next one. `towards` is the node that it was sent to. */
  | { kind: "lost"; towards: string | undefined; why: string }
  /** A node received it, and neither sent it on nor was its destination. */
  | { kind: "stopped"; why: string };

/** What is known of the lab around some packets. Times are in milliseconds since 1970. */
export interface FateContext {
  ownerOf: OwnerOf;
  stateAt(timeMs: number): LabState;
  /** How many packets a link, such as `laptop/eth0`, lost and dropped around a time; undefined if not known. */
  lossAt?(link: string, direction: "up" | "down", timeMs: number): LinkLoss | undefined;
}

/** Packets that a link lost by its condition, and that its queue had no room for. */
export interface LinkLoss {
  lost: number;
  dropped: number;
}

/** Says where and why the way of a packet ended. `journeys` are those around it, with answers to it. */
export function fateOf(
  journey: Journey,
  journeys: readonly Journey[],
  context: FateContext,
): Fate {
  const last = journey.hops.at(-1)!;
  if (journey.lost === "unknown") return { kind: "unknown" };
  if (journey.lost === false) return atOwner(last, journeys, context);
  if (last.direction === "out") {
    const towards = nextNode(last, context);
    return { kind: "lost", towards, why: linkWords(last, towards, context) };
  }
  return { kind: "stopped", why: nodeWords(last, context.stateAt(last.timeMs)) };
}

/** A packet to the external address of a NAT has arrived only if its mappings, or the router, take it. */
function atOwner(last: Hop, journeys: readonly Journey[], { stateAt }: FateContext): Fate {
  const state = stateAt(last.timeMs);
  const router = own(state.routers, last.node);
  const { form } = last;
  const isExternal = form.destination === router?.uplinkIp && form.destinationPort >= 0;
  if (!router || !isExternal || router.nat === "none") return { kind: "arrived" };
  const isAnswered = journeys.some(({ hops: [first] }) =>
    first.node === last.node && first.time >= last.time && first.direction === "out" &&
    first.form.destination === form.source && first.form.source === form.destination &&
    (first.form.sourcePort === form.destinationPort || first.form.sourcePort < 0)
  );
  if (isAnswered) return { kind: "arrived" };
  const where = destinationText(form);
  return { kind: "stopped", why: `the NAT of ${last.node} has no mapping for ${where}` };
}

/** The node at the other end of the link by which a packet left. */
function nextNode({ node, interface: on, form, timeMs }: Hop, context: FateContext) {
  const state = context.stateAt(timeMs);
  const owner = context.ownerOf(form.destination, timeMs)?.node;
  const host = own(state.devices, node) ?? own(state.vms ?? {}, node);
  const gateway = host?.interfaces.find(({ name }) => name === on)?.gateway;
  if (gateway) return gateway;
  // The interfaces between regions are named as the node at the other end.
  if (isRegion(state, on)) return on;
  const router = own(state.routers, node);
  if (!router) return owner;
  const isUplink = router.interfaces.some(({ name }) => name === on);
  if (isUplink && router.upstream) return router.upstream;
  return owner === node ? undefined : owner;
}

function linkWords(last: Hop, towards: string | undefined, context: FateContext): string {
  const { form, timeMs } = last;
  const state = context.stateAt(timeMs);
  const way = towards === undefined
    ? `${last.node} ${last.interface}`
    : `${last.node} → ${towards}`;
  for (
    const { node, direction } of [
      { node: last.node, direction: "up" as const },
      { node: context.ownerOf(form.destination, timeMs)?.node ?? "", direction: "down" as const },
    ]
  ) {
    const host = own(state.devices, node) ?? own(state.vms ?? {}, node) ?? own(state.routers, node);
    const found = host?.interfaces.find(({ name, ip, ip6 }) =>
      direction === "up"
        ? name === last.interface
        : ip === form.destination || ip6 === form.destination
    );
    if (!found || direction === "down" && found.gateway !== last.node) continue;
    const name = `${node} ${found.name}`;
    if (found.up === false) return `on the link ${way}: ${name} is down`;
    const condition = directionOf(found.condition, direction);
    const counted = context.lossAt?.(`${node}/${found.name}`, direction, timeMs);
    const words = conditionWords(condition, counted);
    if (words) return `on the link ${way}: ${words}`;
  }
  const [from, to] = [last.node, towards ?? ""].map((node) => regionOf(state, node));
  const link = from && to ? own(state.regionLinks, [from, to].sort().join(" ")) : undefined;
  const between = link && conditionText(link);
  if (between && between !== "none") return `between ${from} and ${to}: ${between}`;
  return `on the link ${way}`;
}

/** The region of a router, or that which a node is the middle of. */
function regionOf(state: LabState, node: string): string | undefined {
  const region = Object.values(state.regions).find((each) => each.node === node);
  return region?.name ?? own(state.routers, node)?.region ?? undefined;
}

function isRegion(state: LabState, node: string): boolean {
  return Object.values(state.regions).some((each) => each.node === node);
}

/** The condition of one direction of a link. */
function directionOf(condition: unknown, direction: "up" | "down"): unknown {
  if (typeof condition !== "object" || condition === null) return condition;
  const each = condition as Record<string, unknown>;
  return "up" in each || "down" in each ? each[direction] : condition;
}

function conditionWords(
  condition: unknown,
  counted: LinkLoss | undefined,
): string | undefined {
  if (condition === undefined || condition === null || condition === "lan") return undefined;
  const text = conditionText(condition);
  if (counted && counted.lost === 0 && counted.dropped > 0) {
    return `its queue was full (${text}; ${counted.dropped} dropped)`;
  }
  if (typeof condition === "string") return `its condition is ${text}`;
  const { lossPct, rateKbit } = condition as { lossPct?: number; rateKbit?: number };
  if (lossPct) return `it loses ${lossPct}\u00a0% of all packets`;
  if (rateKbit) return `its queue was full (${text})`;
  return undefined;
}

/** Why a node did not send a packet on. */
function nodeWords({ node, interface: on, form }: Hop, state: LabState): string {
  const router = own(state.routers, node);
  if (!router) return `${node} is not its destination and forwards nothing`;
  const broken = form.family === 6 ? router.brokenFamilies?.ipv6 : router.brokenFamilies?.ipv4;
  if (broken) return `${node} does not forward IPv${form.family} (${broken})`;
  if (form.ttl >= 0 && form.ttl <= 1) return `its TTL ended at ${node}`;
  const isUplink = router.interfaces.some(({ name }) => name === on);
  const [inbound, outbound] = firewallWords(router.firewall);
  if (isUplink && /dropped/.test(inbound)) {
    return `the firewall of ${node} drops flows from outside`;
  }
  if (!isUplink && !/everything/.test(outbound)) {
    return `the firewall of ${node} does not let it out: ${outbound.replace(/^Outbound: /, "")}`;
  }
  return `${node} did not send it on`;
}

function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
