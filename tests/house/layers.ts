/**
 * The rules of the house, checked on source text: which folder imports which, that no file imports
 * itself by a detour, and that the kernel is reached from `native/` alone. Nothing here does I/O.
 *
 * @module
 */

/**
 * The floors of each house, from the ground up, by the path of its folder: `lib`, `lib/lab`. Folders
 * on one floor may import each other; files of the house's own stand above all its floors.
 */
export type Order = ReadonlyMap<string, readonly (readonly string[])[]>;

/**
 * Reads the order from `lib/README.md`: a heading such as "### `lib/lab/`" names a house, and the
 * numbered list below it has one line a floor, each with the names of folders as code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const order = parseOrder("### `lib/`\n\n1. `std` `options`\n2. `lab`: the topology\n");
 * assertEquals(order.get("lib"), [["std", "options"], ["lab"]]);
 * ```
 */
export function parseOrder(readme: string): Order {
  const order = new Map<string, string[][]>();
  let floors: string[][] | undefined;
  for (const line of readme.split("\n")) {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) {
      const house = /^`((?:[\w-]+\/)+)`/.exec(heading)?.[1].slice(0, -1);
      floors = house === undefined ? undefined : [];
      if (house !== undefined && floors) order.set(house, floors);
      continue;
    }
    const floor = /^\d+\. ((?:`[\w-]+`\s*)+)/.exec(line)?.[1];
    if (floor) floors?.push([...floor.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  }
  return order;
}

/** What a file imports: the specifier, and the number of the line on which it stands. */
export interface Import {
  specifier: string;
  line: number;
}

/** Sources by their path from the root of the repository. */
export type Sources = ReadonlyMap<string, string>;

/** The import map of deno.json. */
export type ImportMap = Readonly<Record<string, string>>;

/**
 * Every breach of the rules, one line each: `lib/address/ip.ts:3 imports lib/lab/lab.ts: ...`.
 *
 * @param sources The files of `lib/`, `native/` and `mod.ts`.
 * @param order The order of the folders, by {@linkcode parseOrder}.
 * @param imports The import map, by which a bare name may stand for one of these files.
 */
export function breaches(sources: Sources, order: Order, imports: ImportMap = {}): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of sources) {
    if (!isHoused(path, order)) found.push(`${path} is in no folder of the order`);
    if (!path.startsWith("native/") && reachesKernel(source)) {
      found.push(`${path} opens a library: Deno.dlopen belongs to native/`);
    }
    const targets: string[] = [];
    for (const { specifier, line } of importsOf(source)) {
      const target = resolve(path, specifier, imports);
      if (target === undefined) continue;
      targets.push(target);
      const reason = refusal(path, target, order);
      if (reason) found.push(`${path}:${line} imports ${target}: ${reason}`);
    }
    graph.set(path, targets);
  }
  return [...found, ...cycles(graph).map((cycle) => `import cycle: ${cycle.join(" -> ")}`)];
}

/**
 * The imports of a file: `import`, `export ... from`, and `import()` of a literal, types included.
 * What stands in comments and strings is none.
 */
export function importsOf(source: string): Import[] {
  const { code, strings } = mask(source);
  const found: Import[] = [];
  for (const pattern of IMPORTS) {
    for (const match of code.matchAll(pattern)) {
      const line = code.slice(0, match.index + match[0].length).split("\n").length;
      found.push({ specifier: strings[Number(match[1])], line });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** In masked code, where "3" is the third string of the file. */
const IMPORTS = [
  /(?<![.\w$])(?:import|export)\b(?!\s*\()[\w$\s{},*"]*?\bfrom\s*"(\d+)"/g,
  /(?<![.\w$])import\s*"(\d+)"/g,
  /(?<![.\w$])import\s*\(\s*"(\d+)"/g,
];

function reachesKernel(source: string): boolean {
  const { code, strings } = mask(source);
  return /\bdlopen\b/.test(code) || strings.includes("dlopen");
}

/** The file that a specifier stands for, by its path from the root; undefined for packages. */
function resolve(from: string, specifier: string, imports: ImportMap): string | undefined {
  const mapped = imports[specifier];
  if (mapped !== undefined) [from, specifier] = ["deno.json", mapped];
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Whether a file is public, in `native/`, or in folders that the order has. */
function isHoused(path: string, order: Order): boolean {
  if (path === "mod.ts" || path.startsWith("native/")) return true;
  const folders = path.split("/").slice(0, -1);
  if (folders[0] !== "lib" || folders.length < 2) return false;
  // A folder of which no order is given is one room, whatever folders are in it.
  return folders.every((_, depth) => {
    const floors = order.get(folders.slice(0, depth).join("/"));
    return floors === undefined || floors.some((floor) => floor.includes(folders[depth]));
  });
}

/** Why a file must not import another; undefined if it may. */
function refusal(from: string, to: string, order: Order): string | undefined {
  if (to === "mod.ts") return "nothing imports mod.ts";
  if (!isHoused(to, order)) return "it is in no folder of the order";
  if (from === "mod.ts" || to.startsWith("native/")) return undefined;
  if (from.startsWith("native/")) return "native/ does not import lib/";
  const [here, there] = [from.split("/"), to.split("/")];
  const depth = here.findIndex((part, i) => part !== there[i]);
  const house = here.slice(0, depth).join("/");
  const floors = order.get(house);
  if (depth < 0 || floors === undefined) return undefined;
  // A file of the house's own is on no floor: it stands above all.
  const levelOf = (part: string) => {
    const level = floors.findIndex((floor) => floor.includes(part));
    return level < 0 ? floors.length : level;
  };
  if (levelOf(there[depth]) <= levelOf(here[depth])) return undefined;
  const named = (path: string[]) =>
    `${house}/${path[depth]}${depth === path.length - 1 ? "" : "/"}`;
  return `${named(there)} stands above ${named(here)}`;
}

/** One cycle for each import that closes one, in the order of the files. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

/** Source without comments and regular expressions, and with a number in place of each string. */
interface Masked {
  code: string;
  strings: string[];
}

/** One token of those whose inside is no code; a template is taken apart by {@linkcode mask}. */
const OPAQUE = new RegExp(
  [
    /\/\/[^\n]*/, // comments
    /\/\*[^]*?\*\//,
    /"(?:[^"\\\n]|\\[^])*"?/, // strings; an unclosed one ends with its line
    /'(?:[^'\\\n]|\\[^])*'?/,
    /`/,
    /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/, // a regular expression, if one may stand here
  ].map((part) => part.source).join("|"),
  "y",
);

/** What a regular expression may follow: an operator, an opening bracket, or one of these words. */
const BEFORE_REGEXP =
  /(?:^|[=(,[!&|?:;{}+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|await|yield))\s*$/;

function mask(source: string): Masked {
  const strings: string[] = [];
  let code = "";
  let at = 0;
  // Replaces a token, and keeps its line breaks, so that the numbers of lines stay right.
  const replace = (by: string, token: string) => code += token.replace(/[^\n]/g, "") + by;

  const scan = (insideTemplate: boolean) => {
    for (let depth = 0; at < source.length;) {
      OPAQUE.lastIndex = at;
      const token = OPAQUE.exec(source)?.[0];
      if (token === "`") {
        at++;
        template();
      } else if (token?.startsWith("//") || token?.startsWith("/*")) {
        at += token.length;
        replace(" ", token);
      } else if (token?.startsWith("/") && BEFORE_REGEXP.test(code.slice(-40))) {
        at += token.length;
        code += "0";
      } else if (token && !token.startsWith("/")) {
        at += token.length;
        replace(`"${strings.push(token.slice(1, -1)) - 1}"`, token);
      } else {
        const character = source[at++];
        if (character === "{") depth++;
        if (character === "}" && depth-- === 0 && insideTemplate) return;
        code += character;
      }
    }
  };

  /** From behind the opening backtick; what `${...}` holds is code again. */
  const template = () => {
    const start = at;
    let plain = true;
    for (; at < source.length && source[at] !== "`"; at++) {
      if (source.startsWith("${", at)) {
        plain = false;
        at += 2;
        code += "(";
        scan(true);
        code += ")";
        at--; // the loop steps over the brace, which scan() has passed
      } else {
        if (source[at] === "\\") at++;
        if (source[at] === "\n") code += "\n";
      }
    }
    if (plain) code += `"${strings.push(source.slice(start, at)) - 1}"`;
    at++;
  };

  scan(false);
  return { code, strings };
}
