/**
 * Drawings of topologies: what is drawn, as plain data (`drawing.ts`), and one file for each format. Imports
 * `events`; knows no lab: `state.ts` draws what events add up to, and `lab/config/drawing.ts` a
 * configuration. Begin here.
 *
 * @module
 */
/** The kind of a node; `unknown` is for a name that the topology does not define. */
export type DrawnKind = "ix" | "region" | "router" | "bridge" | "device" | "vm" | "unknown";

/** A node of a drawing. */
export interface DrawnNode {
  /** Unique in the drawing, and readable: `router home`. */
  id: string;
  kind: DrawnKind;
  name: string;
  /** Its properties, a few words each. */
  facts: string[];
}

/** A line between two nodes. */
export interface DrawnLink {
  /** From a node to its gateway or upstream (`attached`), between two regions, or between two bridges. */
  kind: "attached" | "region" | "route";
  from: string;
  to: string;
  /** Its properties: the interface, the condition. */
  facts: string[];
}

/** A topology to draw, in the order of its configuration. */
export interface Drawing {
  /** The title above it. */
  title?: string;
  nodes: DrawnNode[];
  links: DrawnLink[];
}

/** The addresses of a topology that was built. */
export interface DrawnAddresses {
  /** The addresses of nodes, such as the LAN of a router, by the node's ID. */
  nodes: ReadonlyMap<string, readonly string[]>;
  /** The addresses of interfaces, by {@linkcode interfaceKey}; a router's uplink has no name. */
  interfaces: ReadonlyMap<string, readonly string[]>;
}

/** The ID and the name of the IX, which no configuration names. */
export const IX = "ix";

/** The key of an interface in {@linkcode DrawnAddresses}. */
export function interfaceKey(id: string, name = ""): string {
  return `${id} ${name}`;
}

/** The ID of a node in a drawing. It has the kind, since a region may have the name of a router. */
export function nodeId(kind: DrawnKind, name: string): string {
  return `${kind} ${name}`;
}
