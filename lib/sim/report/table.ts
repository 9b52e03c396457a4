/** A column of a table; an empty cell is undefined. */
export interface Column {
  /** What it is headed by. */
  head: string;
  /** From the first row on. */
  cells: readonly (string | undefined)[];
  /** Whether it has numbers, which are aligned at their right. */
  numeric?: boolean;
  /** Whether it only says whose the row is. */
  isName?: boolean;
  /** Whether it stays where all its cells are empty. */
  always?: boolean;
}

/**
 * A table in Markdown, without the columns that have no value; empty without any rows.
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

/** The same for a terminal: columns apart by two spaces, no frame. */
export function textTable(columns: readonly Column[]): string {
  const lines = rows(shown(columns), 0).map((cells) => cells.join("  ").trimEnd());
  return lines.length < 2 ? "" : lines.join("\n") + "\n";
}

/** Those that have a value; none where only names would be left. */
function shown(columns: readonly Column[]): Column[] {
  const filled = columns.filter(({ cells, always }) =>
    always || cells.some((cell) => cell !== undefined)
  );
  return filled.some(({ isName }) => !isName) ? filled : [];
}

/** The head and the rows, every cell as wide as its column. */
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

/** In characters, not UTF-16 units. */
function length(text: string): number {
  return [...text].length;
}

/** Text that Markdown shows as it is, on one line. */
export function escaped(text: string): string {
  return text.replace(/[\\|*`<[\]]/g, "\\$&").replace(/\s*[\r\n]+\s*/g, " ");
}
