/**
 * A stand-in for `jsr:@std/cli/parse-args`, for machines that reach npm and not JSR.
 *
 * {@link https://github.com/denoland/std/tree/main/cli | @std/cli} descends from minimist and
 * differs in policy: what repeats, negates, defaults or is unknown. minimist reads the options
 * here, one at a time; the policy is this file. Offered are `boolean`, `string`, `collect`,
 * `default`, `alias`, `stopEarly`, `unknown`, `negatable` and `"--"`.
 */

// @ts-types="@types/minimist"
import minimist from "minimist";

type Value = string | number | boolean;
type Names<T extends string> = T | readonly T[];
type AliasTable = Readonly<Record<string, string | readonly string[]>>;

/** What {@linkcode parseArgs} is told about the options it will meet. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  A extends AliasTable = AliasTable,
  DD extends boolean = boolean,
> {
  /**
   * Names that are true or false; `false` when not given. `true` makes every `--name` without an
   * equals sign boolean.
   */
  boolean?: boolean | Names<B>;
  /** Names whose value is never read as a number. The name `_` means the positional arguments. */
  string?: Names<S>;
  /** Names that may repeat: their values become an array, `[]` when not given. */
  collect?: Names<C>;
  /** Names that `--no-NAME` sets to `false`. */
  negatable?: Names<N>;
  /** Values for the names that were not given. */
  default?: D;
  /** Other names of a name. A value is filed under each of them. */
  alias?: A;
  /** Whether everything after the first positional argument is positional; `false` unless set. */
  stopEarly?: boolean;
  /** Whether the arguments after `--` go to `"--"` instead of `_`; `false` unless set. */
  "--"?: DD;
  /**
   * Called for each positional argument, and for each option that is named in none of `boolean`,
   * `string` and `alias`. The argument is dropped when it returns `false`.
   */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The names to type: literals only; a dotted name lands in a nested object and stays `unknown`. */
type Flat<T> = T extends `${string}.${string}` | "_" ? never
  : string extends T ? never
  : T & string;
type Negated<K, N> = K extends N ? false : never;
type Named<B extends string, S extends string, C extends string, N extends string> =
  & { [K in Flat<B>]: (K extends C ? boolean[] : boolean) | Negated<K, N> }
  & { [K in Flat<Extract<S, C>>]: string[] | Negated<K, N> }
  & { [K in Flat<Exclude<S, C>>]?: string | Negated<K, N> }
  & { [K in Flat<Exclude<C, B | S>>]: unknown[] | Negated<K, N> };
type Defaulted<T, D> =
  & Omit<T, keyof D>
  & { [K in Flat<keyof D>]: K extends keyof T ? NonNullable<T[K]> | D[K] : unknown };
/** The other names of `K`: those listed under it, and those under which it is listed. */
type OtherNames<K, A> =
  | (K extends keyof A ? Listed<A[K]> : never)
  | { [M in keyof A]: K extends Listed<A[M]> ? M | Listed<A[M]> : never }[keyof A];
type Listed<L> = L extends readonly (infer T extends string)[] ? T : L & string;
type Aliased<T, A> = { [K in keyof T as K | OtherNames<K, A>]: T[K] };

/** The result of {@linkcode parseArgs}: values by name, and the positional arguments in `_`. */
export type Args<T = unknown, DD extends boolean = false> =
  & Record<string, unknown>
  & T
  & { _: (string | number)[] }
  & (DD extends true ? { "--": string[] } : unknown);

/**
 * Reads command-line arguments.
 *
 * `--name value`, `--name=value`, `--flag`, `-n value`, `-n5` and `-abc` are options; the rest is
 * positional. What looks like a number becomes one, unless `string` names it. When a name repeats,
 * the last value stands, unless `collect` names it. `--a.b 1` gives `{ a: { b: 1 } }`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseArgs } from "@std/cli/parse-args";
 *
 * const args = parseArgs(["-v", "--out", "run1", "a.toml"], {
 *   boolean: ["verbose"],
 *   string: ["out"],
 *   alias: { verbose: "v" },
 * });
 * assertEquals(args, { v: true, verbose: true, out: "run1", _: ["a.toml"] });
 * ```
 */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  const N extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  const A extends AliasTable = Record<never, never>,
  const DD extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<B, S, C, N, D, A, DD> = {},
): Args<Aliased<Defaulted<Named<B, S, C, N>, D>, A>, DD> {
  const parser = new Parser(options);
  const split = args.indexOf("--");
  parser.parse(split < 0 ? args : args.slice(0, split));
  const rest = split < 0 ? [] : args.slice(split + 1);
  if (options["--"]) parser.found["--"] = rest;
  else parser.found._.push(...rest);
  parser.fillDefaults(options.default ?? {});
  return parser.found as Args<Aliased<Defaulted<Named<B, S, C, N>, D>, A>, DD>;
}

class Parser {
  readonly found: Record<string, unknown> & { _: (string | number)[] } = { _: [] };
  readonly #aliases: Map<string, string[]>;
  readonly #boolean: Set<string>;
  readonly #string: Set<string>;
  readonly #collect: Set<string>;
  readonly #negatable: Set<string>;
  readonly #allBoolean: boolean;
  readonly #stopEarly: boolean;
  readonly #unknown: NonNullable<ParseOptions["unknown"]>;

  constructor(options: ParseOptions) {
    this.#aliases = aliasGroups(options.alias ?? {});
    this.#allBoolean = options.boolean === true;
    this.#boolean = this.#withAliases(typeof options.boolean === "boolean" ? [] : options.boolean);
    this.#string = this.#withAliases(options.string);
    this.#collect = this.#withAliases(options.collect);
    this.#negatable = this.#withAliases(options.negatable);
    this.#stopEarly = options.stopEarly ?? false;
    this.#unknown = options.unknown ?? (() => true);
  }

  parse(args: readonly string[]): void {
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      const next = args[i + 1];
      const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg);
      if (long) {
        if (this.#long(arg, long[1], long[2], next)) i++;
      } else if (/^-[^-]/.test(arg)) {
        if (this.#cluster(arg, next)) i++;
      } else {
        this.#positional(arg);
        if (!this.#stopEarly) continue;
        this.found._.push(...args.slice(i + 1));
        return;
      }
    }
  }

  fillDefaults(defaults: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(defaults)) {
      if (has(this.found, name)) continue;
      for (const each of this.#names(name)) put(this.found, each, value, false);
    }
    for (const name of this.#collect) {
      if (!has(this.found, name)) put(this.found, name, [], false);
    }
    for (const name of this.#boolean) {
      if (!has(this.found, name)) put(this.found, name, false, false);
    }
  }

  /** Returns whether `next` was used up as the value. */
  #long(arg: string, name: string, inline: string | undefined, next?: string): boolean {
    const negated = inline === undefined && name.startsWith("no-") ? name.slice(3) : undefined;
    if (negated !== undefined && this.#negatable.has(negated)) {
      this.#set(negated, false, arg, false, false);
      return false;
    }
    const allBoolean = this.#allBoolean && inline === undefined;
    const follows = next?.startsWith("-") ? undefined : next;
    return this.#option(arg, name, inline, follows, allBoolean);
  }

  /** Reads `-n`, `-n value`, `-n5`, `-n=value`, `-abc`; returns whether `next` was used up. */
  #cluster(arg: string, next?: string): boolean {
    let rest = arg.slice(1);
    for (; rest.length > 1; rest = rest.slice(1)) {
      const letter = rest[0];
      // minimist: a letter takes the whole rest if that ends in a number or starts with a symbol.
      const numeric = /[A-Za-z]/.test(letter) && /\d+(\.\d*)?(e-?\d+)?$/.test(rest.slice(1));
      if (numeric || /\W/.test(rest[1])) {
        const text = minimist([`-${rest}`], { string: letter })[letter];
        this.#option(arg, letter, String(text), undefined, false);
        return false;
      }
      this.#option(arg, letter, undefined, undefined, false);
    }
    // A lone hyphen is a value here, by custom the name of the standard input.
    const follows = next === "-" || !next?.startsWith("-") ? next : undefined;
    return this.#option(arg, rest, undefined, follows, false);
  }

  #option(
    arg: string,
    name: string,
    inline: string | undefined,
    next: string | undefined,
    allBoolean: boolean,
  ): boolean {
    const kind = this.#boolean.has(name) || allBoolean
      ? "boolean"
      : this.#string.has(name)
      ? "string"
      : undefined;
    const argv = inline === undefined
      ? next === undefined ? ["--it"] : ["--it", next]
      : [`--it=${inline}`];
    const read = minimist(argv, kind ? { [kind]: "it" } : {});
    const tookNext = argv.length === 2 && read._.length === 0;
    const raw = kind === "boolean" ? read.it : inline ?? (tookNext ? next : read.it);
    this.#set(name, read.it, arg, raw, true, allBoolean);
    return tookNext;
  }

  #positional(arg: string): void {
    if (this.#unknown(arg) === false) return;
    this.found._.push(...minimist([arg], this.#string.has("_") ? { string: "_" } : {})._);
  }

  #set(name: string, value: Value, arg: string, raw: unknown, collect: boolean, known = false) {
    known ||= this.#boolean.has(name) || this.#string.has(name) || this.#aliases.has(name);
    if (!known && this.#unknown(arg, name, raw) === false) return;
    for (const each of this.#names(name)) {
      put(this.found, each, value, collect && this.#collect.has(each));
    }
  }

  #names(name: string): string[] {
    return this.#aliases.get(name) ?? [name];
  }

  #withAliases(names: Names<string> = []): Set<string> {
    return new Set([names].flat().flatMap((name) => this.#names(name)));
  }
}

/** Every name that is in the table, with all its names, itself included. */
function aliasGroups(table: AliasTable): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, others] of Object.entries(table)) {
    const group = [name, ...[others].flat()];
    for (const each of group) groups.set(each, group);
  }
  return groups;
}

function has(found: Record<string, unknown>, name: string): boolean {
  let at: unknown = found;
  for (const key of name.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

function put(found: Record<string, unknown>, name: string, value: unknown, collect: boolean): void {
  const keys = name.split(".");
  // Assigning to the first changes a prototype; the second holds the positional arguments.
  if (keys.includes("__proto__") || name === "_") return;
  const last = keys.pop()!;
  let at = found;
  for (const key of keys) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof inner !== "object" || inner === null) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  const before = Object.hasOwn(at, last) ? at[last] : undefined;
  at[last] = !collect ? value : Array.isArray(before) ? [...before, value] : [value];
}
