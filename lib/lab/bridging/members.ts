import { nearest } from "../../options/nearest.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { handles } from "../model/handles.ts";
import type { LabCore } from "../model/lab.ts";
import { findNode } from "../model/lookup.ts";
import type { InterfaceRecord, NodeRecord, Segment } from "../model/records.ts";
import {
  type Member,
  type MemberPair,
  memberSchema,
  pairSchema,
} from "../options/bridge_options.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import { checkNodeName } from "../options/names.ts";
import { interfacesOn } from "../wiring/bridge_rules.ts";

/** Finds the members of a bridge that a caller names. */

/** The names of the attached nodes, in the order in which they were attached. */
export function memberNodes({ members }: Segment): string[] {
  return [...new Set([...members.keys()].map(({ node }) => node.name))];
}

/** Finds the node that a caller names, attached or not. */
export function memberNode(core: LabCore, what: string, member: Member): NodeRecord {
  const isHandle = typeof member === "object" && member !== null && handles.has(member);
  if (isHandle) return mustBeMember(what, findNode(core, what, member));
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

function mustBeMember(what: string, node: NodeRecord): NodeRecord {
  if (isMember(node)) return node;
  throw new TopologyError(
    `${what}: "${node.name}" is a ${node.kind}, which cannot be a member of a bridge`,
  );
}

/**
 * The name of a member that a caller gives by handle or name; it may be attached or not, and a name may be
 * ahead of its node.
 */
export function memberName(core: LabCore, what: string, member: Member): string {
  const given = parseOptions(memberSchema, member, what);
  const name = typeof given === "string" ? given : undefined;
  if (name === undefined || [...core.allNodes()].some((node) => node.name === name)) {
    return memberNode(core, what, given).name;
  }
  checkNodeName(what, name, () => false);
  return name;
}

/** The names of two members: two arguments mean both directions, a pair means one. */
export function namedPair(
  core: LabCore,
  what: string,
  first: Member | MemberPair,
  second?: Member,
): { from: string; to: string; oneWay: boolean } {
  const oneWay = second === undefined;
  const pair = oneWay
    ? parseOptions(pairSchema, pairOf(first), what)
    : { from: first as Member, to: second };
  // A single direction needs both of its ends, so that a name that is none is a mistake.
  const named = (member: Member) =>
    oneWay ? memberNode(core, what, member).name : memberName(core, what, member);
  const [from, to] = [named(pair.from), named(pair.to)];
  if (from !== to) return { from, to, oneWay };
  throw new TopologyError(`${what}: both are "${from}"; name two members`);
}

/** Picks the pair out of an object that may have more keys: schemas refuse keys that they do not know. */
function pairOf(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("from" in given && "to" in given)) {
    return given;
  }
  const { from, to } = given as MemberPair;
  return { from, to };
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
