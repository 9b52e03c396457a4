import { replaceTable } from "./rules.ts";
import { BLACK_HOLE_TABLE, type BlackHole, blackHoleRuleset } from "../../firewall/black_hole.ts";
import type { InterfaceRecord, RouterRecord, Segment } from "../model/records.ts";
import { addressesOf } from "./neighbours.ts";
import { step } from "../model/steps.ts";
import type { Defer } from "../model/undo.ts";

/**
 * Path-MTU black holes. For each link of such a router, no "packet too big" may reach a sender, and a
 * link has two ends: for the uplink, the node above would report it to senders of downstream packets;
 * for the LAN, a router on it would, to senders of upstream packets.
 */

const asRouter = ({ owner }: Segment) => owner.kind === "router" ? owner : undefined;

/** What the owner of a segment does not report, as the lab is now. */
function blackHoleOf(segment: Segment): BlackHole {
  const router = asRouter(segment);
  const { blackHoles, routes } = segment;
  return {
    all: router?.blockIcmpFragNeeded ?? false,
    towards: blackHoles.size === 0 ? [] : [
      ...[...blackHoles].flatMap((uplink) => [
        ...addressesOf(uplink),
        ...uplink.extra.map(({ ip }) => ip),
      ]),
      ...[...routes].filter(([, via]) => blackHoles.has(via)).map(([cidr]) => cidr),
    ],
    beyond: router?.upstream?.blockIcmpFragNeeded ? networksThrough(segment) : undefined,
  };
}

/** The networks that the owner of a LAN reaches through it, and not through its uplink. */
function networksThrough({ v4, v6, routes }: Segment): string[] {
  const own = [v4, v6].flatMap((network) => network ? [network.cidr.toString()] : []);
  return [...own, ...routes.keys()];
}

/**
 * Makes the rules of a segment's owner match the black holes around it and the networks downstream of
 * them. Called after each change of these; where there is no black hole it costs nothing.
 */
export function loadBlackHole(segment: Segment): void {
  const { owner } = segment;
  if (owner.removed) return;
  const rules = blackHoleRuleset(blackHoleOf(segment)) ?? "";
  if (rules === owner.blackHole) return;
  step("black hole");
  replaceTable(owner, "inet", BLACK_HOLE_TABLE, rules);
  owner.blackHole = rules;
}

/** Makes a router a black hole, or a normal router again. */
export function setBlackHole(router: RouterRecord, on: boolean, defer: Defer): void {
  const before = router.blockIcmpFragNeeded;
  const segments = affectedSegments(router);
  for (const segment of segments) defer(() => loadBlackHole(segment));
  defer(() => mark(router, before));
  mark(router, on);
  for (const segment of segments) loadBlackHole(segment);
}

/** Removes a router that is going away from the rules of the node above. */
export function removeBlackHole({ uplink }: RouterRecord): void {
  if (uplink.segment.blackHoles.delete(uplink)) loadBlackHole(uplink.segment);
}

function mark(router: RouterRecord, on: boolean): void {
  router.blockIcmpFragNeeded = on;
  const { uplink } = router;
  if (on) uplink.segment.blackHoles.add(uplink);
  else uplink.segment.blackHoles.delete(uplink);
}

/**
 * The segments whose owners may report about a router's links: its LAN, the one above and those
 * below.
 */
function affectedSegments({ lan, uplink }: RouterRecord): Segment[] {
  return [lan, uplink.segment, ...[...lan.members.keys()].flatMap(downstreamLan)];
}

function downstreamLan({ node }: InterfaceRecord): Segment[] {
  return node.kind === "router" ? [node.lan] : [];
}
