import type { FieldNode } from "../types.ts";

/** Fields of one packet: more are left out. */
const MOST_NODES = 8_000;

/** The longest text of a field. */
const LONGEST = 500;

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads the fields of a packet from PDML, the XML of `tshark -T pdml`. What tshark says about the file
 * itself is left out, as are fields that it hides.
 */
export function readPdml(text: string): FieldNode[] {
  const roots: FieldNode[] = [];
  // Null for what is hidden, with all that it has.
  const stack: (FieldNode | null)[] = [];
  let count = 0;
  for (
    const [, end, tag, attributes, closed] of text.matchAll(
      /<(\/?)(proto|field)\b((?:\s+\w+="[^"]*")*)\s*(\/?)>/g,
    )
  ) {
    if (end) {
      stack.pop();
      continue;
    }
    const values = attributesOf(attributes);
    const parent = stack.at(-1);
    const isHidden = values.hide === "yes" || values.name === "geninfo" || values.name === "frame";
    const isShown = parent !== null && !isHidden && ++count <= MOST_NODES;
    const node = isShown ? nodeOf(values, tag === "proto") : null;
    if (node && parent) (parent.children ??= []).push(node);
    else if (node) roots.push(node);
    if (!closed) stack.push(node);
  }
  return roots;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, unescaped(value)]));
}

function nodeOf(
  { name, showname, show, pos, size }: Record<string, string>,
  isProtocol: boolean,
): FieldNode {
  const start = Math.max(0, Number(pos) || 0);
  const shown = (showname || show || name || "").slice(0, LONGEST);
  // Bits come before their field: `.... 0101 = Header Length: 20 bytes`.
  const text = shown.replace(/^[.01 ]+ = /, "");
  const match = (isProtocol ? /^([^,]{1,60}), (.*)$/s : /^([^:]{1,60}): (.*)$/s).exec(text);
  return {
    label: match ? match[1] : text,
    ...match ? { value: match[2] } : {},
    start,
    end: start + Math.max(0, Number(size) || 0),
  };
}

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi,
    (all, decimal, hex, name) => {
      const code = decimal ? Number(decimal) : hex ? parseInt(hex, 16) : undefined;
      if (code === undefined) return ENTITIES[name] ?? all;
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}
