import type { Drawing, DrawnKind, DrawnNode } from "./drawing.ts";

/** The shapes of nodes: the brackets around their text. */
const SHAPES: Record<DrawnKind, [string, string]> = {
  ix: ["([", "])"],
  region: ["([", "])"],
  router: ["[", "]"],
  bridge: ["[[", "]]"],
  device: ["(", ")"],
  vm: ["[(", ")]"],
  unknown: ["{{", "}}"],
};

const LINES = { attached: "---", region: "-.-", route: "-.-" } as const;

/** A drawing for Mermaid, as Markdown renderers show it. */
export function drawingMermaid({ title, nodes, links }: Drawing): string {
  // Own IDs: a node may have the name "end", which is a keyword of Mermaid.
  const ids = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  return [
    ...title === undefined ? [] : ["---", `title: ${JSON.stringify(title)}`, "---"],
    "flowchart TB",
    ...nodes.map((node) => `  ${ids.get(node.id)}${shaped(node)}`),
    ...links.map(({ kind, from, to, facts }) => {
      const label = facts.length > 0 ? `|"${escaped(facts.join(", "))}"|` : "";
      const [above, under] = kind === "attached" ? [to, from] : [from, to];
      return `  ${ids.get(above)} ${LINES[kind]}${label} ${ids.get(under)}`;
    }),
    "",
  ].join("\n");
}

function shaped({ kind, name, facts }: DrawnNode): string {
  const [open, close] = SHAPES[kind];
  const lines = [name, [kind === name ? "" : kind, ...facts].filter(Boolean).join(", ")];
  return `${open}"${lines.filter(Boolean).map(escaped).join("<br/>")}"${close}`;
}

/** Escapes a text with Mermaid's entities, which begin with `#`. */
function escaped(text: string): string {
  return text.replace(/[#"<>&]/g, (character) => `#${character.charCodeAt(0)};`)
    .replaceAll("\n", " ");
}
