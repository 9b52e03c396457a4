import defer * as z from "zod";
import { own, refuse, requireNode } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import { fieldsText } from "../text.ts";
import { type EventRows, LAB } from "./row.ts";

/** The lab as a whole: its life, its names, and what its user puts into the log. */
export const LAB_EVENTS = {
  "lab-created": {
    schema: () => ({ label: part.text, seed: z.number().optional() }),
    apply(draft, { label, seed, at }) {
      if (draft.startedAt !== "") refuse("the lab was created before");
      draft.label = label;
      if (seed !== undefined) draft.seed = seed;
      draft.startedAt = at;
    },
    text: ({ label, seed }) => [
      LAB,
      `lab ${JSON.stringify(label)} created${seed === undefined ? "" : `, seed ${seed}`}`,
    ],
  },

  "lab-closed": {
    schema: () => ({}),
    apply: (draft, { at }) => void (draft.closedAt = at),
    text: () => [LAB, "lab closed"],
  },

  "dns-entry": {
    schema: () => ({ node: part.nullableText, name: part.text, ip: part.text }),
    apply(draft, { node, name, ip }) {
      if (node !== null) requireNode(draft, node);
      const table = node === null
        ? draft.dns.lab
        : own(draft.dns.nodes, node) ?? (draft.dns.nodes[node] = {});
      const ips = own(table, name) ?? [];
      if (!ips.includes(ip)) table[name] = [...ips, ip];
    },
    text: ({ node, name, ip }) => [node ?? LAB, `DNS entry: ${name} is ${ip}`],
  },

  "nameserver-changed": {
    schema: () => ({ ip: part.text }),
    apply: (draft, { ip }) => void (draft.nameserver = ip),
    text: ({ ip }) => [LAB, `name server set to ${ip}`],
  },

  custom: {
    schema: () => ({ node: part.nullableText, name: part.text, data: part.json }),
    apply(draft, { node }) {
      if (node !== null) requireNode(draft, node);
    },
    text: ({ node, name, data }) => [node ?? LAB, `${name} ${dataText(data)}`.trimEnd()],
  },
} satisfies Partial<EventRows>;

function dataText(data: unknown): string {
  if (data === null) return "";
  const isRecord = typeof data === "object" && !Array.isArray(data);
  return isRecord ? fieldsText(data as Record<string, unknown>) : JSON.stringify(data);
}
