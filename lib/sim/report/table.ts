/** A column of a table; an empty cell is undefined. */
export interface Column {
  /** The heading. */
  head: string;
  /** The cells, from the first row. */
  cells: readonly (string | undefined)[];
  /** Whether it has numbers, which are aligned to the right. */
  numeric?: boolean;
  /** Whether it only identifies the row. */
  isName?: boolean;
  /** Whether it is shown even if all cells are empty. */
  always?: boolean;
}

/**
 * Returns a table in Markdown, without columns that have no value; empty without rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   markdownTable([
 *     { head: "step", cells: ["a", "b"] },
 *     { head: "ms", cells: ["1.5", undefined], numeric: true },
 *   ]),
 *   "| step |  ms |\n| ---- | --: |\n| a    | 1.5 |\n| b    |     |\n",
 * );
 * ```
 */
export function markdownTable(columns: readonly Column[]): string {
  const filled = shown(columns).map((column) => ({
    ...column,
    head: escaped(column.head),
    cells: column.cells.map((cell) => cell === undefined ? undefined : escaped(cell)),
  }));
  const lines = rows(filled, 2).map((cells) => `| ${cells.join(" | ")} |`);
  if (lines.length < 2) return "";
  const rule = filled.map((column) => {
    const dashes = "-".repeat(width(column, 2));
    return column.numeric ? dashes.slice(1) + ":" : dashes;
  });
  return [lines[0], `| ${rule.join(" | ")} |`, ...lines.slice(1), ""].join("\n");
}

/** Returns a table for a terminal: two spaces between columns, no frame. */
export function textTable(columns: readonly Column[]): string {
  const lines = rows(shown(columns), 0).map((cells) => cells.join("  ").trimEnd());
  return lines.length < 2 ? "" : lines.join("\n") + "\n";
}

/** Returns the columns with a value; none if only names would be left. */
function shown(columns: readonly Column[]): Column[] {
  const filled = columns.filter(({ cells, always }) =>
    always || cells.some((cell) => cell !== undefined)
  );
  return filled.some(({ isName }) => !isName) ? filled : [];
}

/** Returns the heading and the rows, with each cell padded to the width of its column. */
function rows(columns: readonly Column[], least: number): string[][] {
  const count = Math.max(0, ...columns.map(({ cells }) => cells.length));
  const pad = (column: Column, text: string) => {
    const space = " ".repeat(Math.max(0, width(column, least) - length(text)));
    return column.numeric ? space + text : text + space;
  };
  return Array.from(
    { length: count + 1 },
    (_, i) => columns.map((each) => pad(each, i === 0 ? each.head : each.cells[i - 1] ?? "")),
  );
}

function width({ head, cells }: Column, least: number): number {
  return cells.reduce(
    (most, cell) => Math.max(most, length(cell ?? "")),
    Math.max(least, length(head)),
  );
}

/** Returns the length in characters, not UTF-16 units. */
function length(text: string): number {
  return [...text].length;
}

/** Escapes text for one line of Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\|*`<[\]]/g, "\\$&").replace(/\s*[\r\n]+\s*/g, " ");
}
