import { loadRules } from "./rules.ts";
import { RulesetError } from "../../../native/nftables.ts";
import { closedDirections, type Direction } from "../../bridge/partitions.ts";
import { type BridgeRules, bridgeRules, hasNoRules } from "../../bridge/rules.ts";
import type { InterfaceRecord, Port, Segment } from "../model/records.ts";
import { step } from "../model/steps.ts";

/** The nftables rules of a bridge, for the ports that its members have now. */

/** The interfaces by which a node is attached to a segment, usually one. */
export function interfacesOn({ members }: Segment, name: string): InterfaceRecord[] {
  return [...members.keys()].filter(({ node }) => node.name === name);
}

function rulesOf(segment: Segment): BridgeRules {
  const { members, bridging: { partitions, detours } } = segment;
  const ports = (name: string) => interfacesOn(segment, name).map((one) => members.get(one)!.name);
  const { dropped, resolving } = closedDirections(partitions);
  const betweenPorts = ([from, to]: Direction) =>
    ports(from).flatMap((a) => ports(to).map((b) => [a, b] as const));
  return {
    closed: partitions.all,
    isolated: [...partitions.isolated].flatMap(ports).sort(),
    dropped: dropped.flatMap(betweenPorts),
    resolving: resolving.flatMap(betweenPorts),
    detours: [...detours].flatMap(({ from, to, number, entry, exit, closing }) => {
      const [a, b] = [members.get(from), members.get(to)];
      if (!a || !b) return [];
      return [{ number, from: a.name, to: b.name, entry: entry.name, exit: exit.name, closing }];
    }),
  };
}

/**
 * Makes the rules of a segment's owner match the bridge's partitions and detours. Called after each
 * change of these and of its ports; without partitions and detours it costs nothing. Between a
 * gateway and its only member, without a Linux bridge, there is nothing to partition.
 */
export function loadBridgeRules(segment: Segment): void {
  const { owner, gatewayLink, bridging, members } = segment;
  if (owner.removed) return;
  const rules = rulesOf(segment);
  const text = !gatewayLink?.bridge || hasNoRules(rules) ? "" : bridgeRules(rules);
  // The kernel forwards to a link by its index, and a new link may have an old name.
  const targets = [...bridging.detours].flatMap(({ to, entry, exit }) => [
    members.get(to),
    entry,
    exit,
  ]);
  const loaded = text && `${text}${targets.map((port?: Port) => port?.index)}`;
  if (loaded === bridging.loaded) return;
  step("bridge rules");
  try {
    loadRules(owner, text || NO_RULES);
  } catch (error) {
    if (!(error instanceof RulesetError) || rules.detours.length === 0) throw error;
    throw new RulesetError(
      `bridge "${segment.name}": impairing one direction needs the egress hook of nftables ` +
        `(Linux 5.16, nft 1.0.1): ${error.message}`,
      { cause: error },
    );
  }
  bridging.loaded = loaded;
}

const NO_RULES = bridgeRules({
  closed: false,
  isolated: [],
  dropped: [],
  resolving: [],
  detours: [],
});
