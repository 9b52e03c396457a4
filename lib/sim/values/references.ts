/**
 * What strings of a simulation refer to: `${binary.NAME}`, `${id.capture}`, and the address of a node.
 *
 * All else is text: `$HOME` and `${HOME}` are for the shell that may read the string later.
 *
 * @module
 */

/** A piece of a string that is filled in while a simulation runs. */
export type Part = LiteralPart | CapturePart | BinaryPart | AddressPart;

/** Text that stays as it is. */
export interface LiteralPart {
  kind: "literal";
  text: string;
}

/** `${id.name}`: the latest value of a capture. */
export interface CapturePart {
  kind: "capture";
  /** The step and the capture: `iperf.bytes`. */
  key: string;
  /** As it was written. */
  text: string;
}

/** `${binary.NAME}`: the path of a program. */
export interface BinaryPart {
  kind: "binary";
  name: string;
  /** As it was written. */
  text: string;
}

/** `$NETYARD_IP_NODE`, `$NETYARD_IP6_NODE`, or `$NETSIM_IP_NODE` of older files; also in braces. */
export interface AddressPart {
  kind: "address";
  /** What stands for the node, as {@link nodeVariable} makes it of its name. */
  variable: string;
  family: 4 | 6;
  /** The variable that the lab has for it: `NETYARD_IP_SERVER`. */
  name: string;
  /** As it was written. */
  text: string;
}

/** A reference, which is filled in. */
export type ReferencePart = Exclude<Part, LiteralPart>;

const REFERENCE = new RegExp(
  [
    String.raw`\$\{(?<key>[A-Za-z0-9._-]+\.[A-Za-z0-9_-]+)\}`,
    String.raw`\$(?:NETYARD|NETSIM)_IP(?<family>6?)_(?<node>[A-Za-z0-9_]+)`,
    String.raw`\$\{(?:NETYARD|NETSIM)_IP(?<bracedFamily>6?)_(?<bracedNode>[A-Za-z0-9_-]+)\}`,
  ].join("|"),
  "g",
);

/**
 * The pieces of a string, in order. Two pieces of text never follow each other.
 *
 * @example
 * ```ts
 * import { parseTemplate } from "./references.ts";
 *
 * const parts = parseTemplate("http://$NETYARD_IP_server:${web.port}/${HOME}");
 * console.assert(parts.map((part) => part.kind).join() === "literal,address,literal,capture,literal");
 * ```
 */
export function parseTemplate(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    if (match.index > end) parts.push({ kind: "literal", text: text.slice(end, match.index) });
    parts.push(referenceOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: "literal", text: text.slice(end) });
  return parts;
}

function referenceOf(match: RegExpExecArray): ReferencePart {
  const [text] = match;
  const { key, family, node, bracedFamily, bracedNode } = match.groups!;
  if (key?.startsWith("binary.")) {
    return { kind: "binary", name: key.slice("binary.".length), text };
  }
  if (key !== undefined) return { kind: "capture", key, text };
  const variable = nodeVariable(node ?? bracedNode);
  const six = (family ?? bracedFamily) === "6";
  return {
    kind: "address",
    variable,
    family: six ? 6 : 4,
    name: `NETYARD_IP${six ? "6" : ""}_${variable}`,
    text,
  };
}

/** The string with each reference replaced by what `lookup` has for it. */
export function renderTemplate(
  parts: readonly Part[],
  lookup: (part: ReferencePart) => string,
): string {
  return parts.map((part) => part.kind === "literal" ? part.text : lookup(part)).join("");
}

/** What stands for a node in the names of variables: `LAN_CLIENT` for `lan-client`. */
export function nodeVariable(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/** The step and the name of a capture that is written `id.name`; undefined if it is not so written. */
export function splitKey(key: string): { id: string; name: string } | undefined {
  const [, id, name] = /^([A-Za-z0-9._-]+)\.([A-Za-z0-9_-]+)$/.exec(key) ?? [];
  return id === undefined ? undefined : { id, name };
}
