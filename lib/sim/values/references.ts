/**
 * References in the strings of a simulation: `${binary.NAME}`, `${id.capture}`, and addresses of nodes.
 *
 * Anything else is text: `$HOME` and `${HOME}` are for the shell that may read the string later.
 */

/** A piece of a string in a simulation. */
export type Part = LiteralPart | CapturePart | BinaryPart | AddressPart;

/** Text without references. */
export interface LiteralPart {
  kind: "literal";
  text: string;
}

/** `${id.name}`: the latest value of a capture. */
export interface CapturePart {
  kind: "capture";
  /** The step and the capture: `iperf.bytes`. */
  key: string;
  /** The reference as it was written. */
  text: string;
}

/** `${binary.NAME}`: the path of a program. */
export interface BinaryPart {
  kind: "binary";
  name: string;
  /** The reference as it was written. */
  text: string;
}

/** `$NETYARD_IP_NODE`, `$NETYARD_IP6_NODE`, or `$NETSIM_IP_NODE` in older files; also in braces. */
export interface AddressPart {
  kind: "address";
  /** The part of the variable that stands for the node, from {@link nodeVariable}. */
  variable: string;
  family: 4 | 6;
  /** The lab's variable: `NETYARD_IP_SERVER`. */
  name: string;
  /** The reference as it was written. */
  text: string;
}

/** A reference. */
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
 * Splits a string into text and references, in order. Two pieces of text are never adjacent.
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

/** Joins the pieces of a string, with each reference replaced by the result of `lookup`. */
export function renderTemplate(
  parts: readonly Part[],
  lookup: (part: ReferencePart) => string,
): string {
  return parts.map((part) => part.kind === "literal" ? part.text : lookup(part)).join("");
}

/** Returns a node's name as it appears in variables: `LAN_CLIENT` for `lan-client`. */
export function nodeVariable(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/** Splits `id.name` into the step's id and the capture's name; returns undefined for any other text. */
export function splitKey(key: string): { id: string; name: string } | undefined {
  const [, id, name] = /^([A-Za-z0-9._-]+)\.([A-Za-z0-9_-]+)$/.exec(key) ?? [];
  return id === undefined ? undefined : { id, name };
}
