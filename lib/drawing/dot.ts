import type { Drawing, DrawnKind, DrawnLink, DrawnNode } from "./drawing.ts";

/** The look of each kind of node: dark on light, which is readable on any background. */
const LOOKS: Record<DrawnKind, { shape: string; fill: string; line: string }> = {
  ix: { shape: "ellipse", fill: "#e5e7eb", line: "#4b5563" },
  region: { shape: "ellipse", fill: "#ede9fe", line: "#6d28d9" },
  router: { shape: "box", fill: "#dbeafe", line: "#1d4ed8" },
  bridge: { shape: "box", fill: "#fef3c7", line: "#b45309" },
  device: { shape: "box", fill: "#dcfce7", line: "#15803d" },
  vm: { shape: "box3d", fill: "#ccfbf1", line: "#0f766e" },
  unknown: { shape: "box", fill: "#fee2e2", line: "#b91c1c" },
};

const INK = "#111827";
/** The colour of lines and their labels: between black and white, for light and dark backgrounds. */
const MIDDLE = "#767f8d";
const FONT = "Helvetica,Arial,sans-serif";

/** In inches: room for fonts that are wider than the one that the layout assumes. */
const MARGIN = "0.2,0.08";

const STYLES: Record<DrawnLink["kind"], string> = {
  attached: "solid",
  region: "dashed",
  route: "dotted",
};

/** A drawing for Graphviz: `dot -Tsvg`. */
export function drawingDot({ title, nodes, links }: Drawing): string {
  return [
    "graph netyard {",
    `  graph [bgcolor="transparent", fontname="${FONT}", fontcolor="${MIDDLE}", labelloc="t"` +
    `${title === undefined ? "" : `, label=${quoted(title)}`}];`,
    `  node [style="filled,rounded", fontname="${FONT}", fontsize=11, fontcolor="${INK}", ` +
    `margin="${MARGIN}"];`,
    `  edge [fontname="${FONT}", fontsize=10, fontcolor="${MIDDLE}", color="${MIDDLE}"];`,
    ...nodes.map((node) => `  ${quoted(node.id)} [${nodeAttributes(node)}];`),
    ...links.map((link) => `  ${lineOf(link)};`),
    "}",
    "",
  ].join("\n");
}

function nodeAttributes({ id, kind, name, facts }: DrawnNode): string {
  const { shape, fill, line } = LOOKS[kind];
  const lines = [name, kind === name ? "" : kind, ...facts].filter(Boolean);
  return [
    `shape=${shape}`,
    ...shape === "box3d" ? ['style="filled"'] : [],
    `fillcolor="${fill}"`,
    `color="${line}"`,
    `tooltip=${quoted(id)}`,
    // Each line is centred in any font, unlike in HTML labels.
    `label=${quoted(lines.join("\n"))}`,
  ].join(", ");
}

function lineOf({ kind, from, to, facts }: DrawnLink): string {
  const attributes = [
    `style=${STYLES[kind]}`,
    ...facts.length > 0 ? [`label=${quoted(facts.join("\n"))}`] : [],
    // Such lines must not put one end above the other.
    ...kind === "attached" ? [] : ["constraint=false"],
  ];
  // A gateway is above the nodes that are attached to it.
  const [above, under] = kind === "attached" ? [to, from] : [from, to];
  return `${quoted(above)} -- ${quoted(under)} [${attributes.join(", ")}]`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
