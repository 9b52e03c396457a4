import type { Drawing, DrawnLink, DrawnNode } from "./drawing.ts";

/**
 * A drawing as text: a tree for each node that is not attached to another. A node with two interfaces is below
 * both of its gateways, and its own properties are at the first place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Drawing } from "./drawing.ts";
 *
 * const drawing: Drawing = {
 *   nodes: [
 *     { id: "ix", kind: "ix", name: "ix", facts: [] },
 *     { id: "router home", kind: "router", name: "home", facts: ["NAT home"] },
 *     { id: "device laptop", kind: "device", name: "laptop", facts: [] },
 *   ],
 *   links: [
 *     { kind: "attached", from: "router home", to: "ix", facts: [] },
 *     { kind: "attached", from: "device laptop", to: "router home", facts: ["eth0", "wifi"] },
 *   ],
 * };
 * assertEquals(drawingText(drawing), `ix
 * └─ router home: NAT home
 *    └─ device laptop: eth0, wifi
 * `);
 * ```
 */
export function drawingText({ title, nodes, links }: Drawing): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const attached = links.filter(({ kind }) => kind === "attached");
  const below = Map.groupBy(attached, ({ to }) => to);
  const attachedIds = new Set(attached.map(({ from }) => from));
  const drawn = new Set<string>();
  const lines: string[] = title === undefined ? [] : [title];

  const visit = (node: DrawnNode, link: DrawnLink | undefined, first: string, rest: string) => {
    const again = drawn.has(node.id);
    drawn.add(node.id);
    const facts = [
      link?.facts ?? [],
      again ? [] : [...node.facts, ...sideways(node, links, byId)],
    ].filter((part) => part.length > 0).map((part) => part.join(", "));
    lines.push(`${first}${headOf(node)}${facts.length > 0 ? `: ${facts.join("; ")}` : ""}`);
    if (again) return;
    const children = below.get(node.id) ?? [];
    children.forEach((child, i) => {
      const last = i === children.length - 1;
      visit(
        byId.get(child.from)!,
        child,
        `${rest}${last ? "└─ " : "├─ "}`,
        `${rest}${last ? "   " : "│  "}`,
      );
    });
  };

  for (const node of nodes) if (!attachedIds.has(node.id)) visit(node, undefined, "", "");
  // Routers that are upstream of each other are in no tree yet.
  for (const node of nodes) if (!drawn.has(node.id)) visit(node, undefined, "", "");
  return lines.join("\n") + "\n";
}

function headOf({ kind, name }: DrawnNode): string {
  return kind === name ? name : `${kind} ${name}`;
}

/** The links to other regions or bridges, which are printed at both ends. */
function sideways(
  { id }: DrawnNode,
  links: readonly DrawnLink[],
  byId: ReadonlyMap<string, DrawnNode>,
): string[] {
  return links.filter(({ kind, from, to }) => kind !== "attached" && (from === id || to === id))
    .map(({ kind, from, to, facts }) => {
      const other = byId.get(from === id ? to : from)!.name;
      return kind === "route" ? `routed to ${other}` : `to ${other} ${facts.join(", ")}`;
    });
}
