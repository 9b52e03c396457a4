/**
 * The rule for folder texts: one file of each larger folder says what the folder is. Nothing here
 * does I/O.
 *
 * @module
 */
import type { Sources } from "./layers.ts";

/** A folder with as many files of its own needs a text. */
const LARGE = 5;

/** A text says less than a sentence below this many characters. */
const SHORTEST = 60;

/**
 * Returns the breaches, one line each: a folder with five files or more in which no file begins with
 * an `@module` comment, or several do, or the comment says next to nothing.
 *
 * @param sources The files of `lib/` and `native/`, by path.
 * @param entries The modules that `deno.json` exports: their `@module` text is about the export.
 */
export function folderTextBreaches(sources: Sources, entries: readonly string[] = []): string[] {
  const folders = new Map<string, string[]>();
  for (const path of sources.keys()) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    folders.set(folder, [...folders.get(folder) ?? [], path]);
  }
  return [...folders].flatMap(([folder, paths]) => {
    const texts = paths.map((path) => ({ path, text: moduleText(sources.get(path)!) }))
      .filter(({ text }) => text !== undefined);
    const own = texts.filter(({ path }) => path.endsWith("/mod.ts") || !entries.includes(path));
    const found = own.length > 0 ? own : texts;
    if (found.length > 1) {
      const files = found.map(({ path }) => path.slice(folder.length)).join(", ");
      return [`${folder}: ${files} have an @module text; keep the one about the folder`];
    }
    if (paths.length < LARGE) return [];
    if (found.length === 0) {
      return [`${folder}: no file begins with an @module text that says what the folder is`];
    }
    const [{ path, text }] = found;
    return text!.length < SHORTEST ? [`${path}: the @module text is too short`] : [];
  }).sort();
}

/** The text of the `@module` comment that a file begins with; undefined if it has none. */
export function moduleText(source: string): string | undefined {
  const comment = /^(?:#!.*\n)?\s*\/\*\*([^]*?)\*\//.exec(source)?.[1];
  if (comment === undefined || !/^\s*\*?\s*@module\b/m.test(comment)) return undefined;
  return comment.replaceAll(/^\s*\* ?/gm, "").replace(/@module[^]*/, "").trim();
}
