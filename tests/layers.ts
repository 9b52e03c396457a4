/**
 * The rules of the house, checked on source text: which folder imports which, that no file imports
 * itself by a detour, and that the kernel is reached from `native/` alone. Nothing here does I/O.
 *
 * @module
 */

/** The folders of `lib/` from the ground up; those in one row may import each other. */
export const ORDER: readonly (readonly string[])[] = [
  ["std"],
  ["options"],
  ["toml"],
  ["address"],
  ["link"],
  ["nat", "firewall", "dhcp6"],
  ["host"],
  ["emulator", "translation"],
  ["events"],
  ["node"],
  ["dns64"],
  ["bridge"],
  ["vm"],
  ["lab"],
  ["testing"],
  ["sim"],
  ["devtools"],
  ["cli"],
];

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
 * @param imports The import map, by which a bare name may stand for one of these files.
 */
export function breaches(sources: Sources, imports: ImportMap = {}): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of sources) {
    const home = homeOf(path);
    if (home === undefined) found.push(`${path} is in no folder of the order`);
    if (home !== "native" && reachesKernel(source)) {
      found.push(`${path} opens a library: Deno.dlopen belongs to native/`);
    }
    const targets: string[] = [];
    for (const { specifier, line } of importsOf(source)) {
      const target = resolve(path, specifier, imports);
      if (target === undefined) continue;
      targets.push(target);
      const reason = refusal(path, target);
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

/** The level of a file: `native`, a folder of `lib`, or the public face; undefined elsewhere. */
function homeOf(path: string): string | undefined {
  if (path === "mod.ts") return path;
  if (path.startsWith("native/")) return "native";
  const folder = /^lib\/([^/]+)\//.exec(path)?.[1];
  return folder !== undefined && levelOf(folder) >= 0 ? folder : undefined;
}

function levelOf(folder: string): number {
  return ORDER.findIndex((row) => row.includes(folder));
}

/** Why a file must not import another; undefined if it may. */
function refusal(from: string, to: string): string | undefined {
  if (to === "mod.ts") return "nothing imports mod.ts";
  const [here, there] = [homeOf(from), homeOf(to)];
  if (there === undefined) return "it is in no folder of the order";
  if (here === undefined || here === "mod.ts" || there === "native") return undefined;
  if (here === "native") return "native/ does not import lib/";
  return levelOf(there) > levelOf(here) ? `lib/${there}/ is below lib/${here}/` : undefined;
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
