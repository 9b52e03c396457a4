import type { EventLog, LogEntry } from "./event_log.ts";

/** Which events are listed. */
export interface EventFilter {
  /** Words that must all occur, in any case; `kind:`, `node:` and `-` before a word narrow it. */
  text: string;
  kinds: ReadonlySet<string>;
  node: string | null;
}

/** A filter as a function. */
export type EventTest = (entry: LogEntry) => boolean;

/**
 * Compiles a filter. A word is looked for in the kind, the node and the description: `kind:nat` and
 * `node:home` look in one of them, `-word` excludes, and "two words" in quotes are one.
 */
export function eventTest(log: EventLog, { text, kinds, node }: EventFilter): EventTest {
  const terms = termsOf(text);
  return (entry) => {
    if (kinds.size > 0 && !kinds.has(entry.kind)) return false;
    if (node !== null && entry.node !== node) return false;
    return terms.every((term) => fits(log, entry, term));
  };
}

interface Term {
  field: "any" | "kind" | "node";
  word: string;
  not: boolean;
}

function termsOf(text: string): Term[] {
  const found: Term[] = [];
  for (
    const [, minus, field, quoted, word] of text.toLowerCase().matchAll(
      /(-?)(?:(kind|node):)?(?:"([^"]*)"?|(\S+))/g,
    )
  ) {
    const value = quoted ?? word;
    if (!value) continue;
    found.push({
      field: (field as Term["field"]) ?? "any",
      word: value,
      not: minus === "-",
    });
  }
  return found;
}

function fits(log: EventLog, entry: LogEntry, { field, word, not }: Term): boolean {
  const where = field === "kind"
    ? entry.kind
    : field === "node"
    ? (entry.node ?? "lab").toLowerCase()
    : log.searchText(entry);
  return where.includes(word) !== not;
}
