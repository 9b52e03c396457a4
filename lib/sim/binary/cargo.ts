import { resolve } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { type BinaryContext, binaryError, called, digest, programOf } from "./context.ts";
import { BinaryError } from "./error.ts";
import { checkoutOf, keptCheckout, type Revision } from "./git.ts";
import { targetBinary, workspacesAround } from "./target.ts";
import { runTool, toolError } from "./tool.ts";
import type { BinarySpec, Origin, PrepareSpec } from "../types/types.ts";

/** The place of a cargo workspace. */
type Place = { directory: string } | Revision;

/** The programs that one call of cargo builds. */
interface Group {
  place: Place;
  features: string[];
  allFeatures: boolean;
  bins: Set<string>;
  examples: Set<string>;
  /** The first request, for messages. */
  about: string;
  origin: Origin;
}

/** The paths of built programs by `bin/NAME` and `example/NAME`. */
type Built = ReadonlyMap<string, string>;

const DEFAULT_COMMIT = "main";

/**
 * The builds of cargo for all simulations. One call builds all programs with the same workspace and
 * features, so add all of them before the first build.
 */
export class CargoBuilds {
  readonly #context: BinaryContext;
  readonly #groups = new Map<string, Group>();
  readonly #built = new Map<Group, Promise<Built>>();

  constructor(context: BinaryContext) {
    this.#context = context;
  }

  /** Whether there is anything to build. */
  get any(): boolean {
    return this.#groups.size > 0;
  }

  /** Adds the programs of a `[[prepare]]`. */
  async addPrepare({ bins, examples, features, allFeatures, origin }: PrepareSpec): Promise<void> {
    const about = "[[prepare]]";
    const directory = await workspaceOf(
      this.#context,
      origin.directory,
      (message) => new BinaryError(origin.where, `${about}: ${message}`),
    );
    this.#add({ place: { directory }, features, allFeatures, about, origin }, bins, examples);
  }

  /** Adds a program; returns a function that builds it and returns its path. */
  async addBinary(spec: BinarySpec): Promise<() => Promise<string>> {
    const { bin, example, features, allFeatures, origin } = spec;
    const place = spec.repo === undefined
      ? { directory: await workspaceOfBinary(this.#context, spec) }
      : revisionOf(this.#context, spec);
    const group = this.#add(
      { place, features, allFeatures, about: called(spec), origin },
      bin === undefined ? [] : [bin],
      example === undefined ? [] : [example],
    );
    return async () => {
      const built = await this.#run(group);
      const key = keyOf(spec);
      const path = built.get(key);
      if (path !== undefined) return path;
      const near = nearest(key, built.keys());
      throw binaryError(
        spec,
        `cargo built no program "${key}"${near ? `; did you mean "${near}"?` : ""}`,
      );
    };
  }

  /** Builds everything that was added. */
  async runAll(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => this.#run(group)));
  }

  #add(
    request: Omit<Group, "bins" | "examples">,
    bins: readonly string[],
    examples: readonly string[],
  ): Group {
    const features = [...new Set(request.features)].sort();
    const key = JSON.stringify([request.place, features, request.allFeatures]);
    let group = this.#groups.get(key);
    if (!group) {
      group = { ...request, features, bins: new Set(), examples: new Set() };
      this.#groups.set(key, group);
    }
    for (const name of bins) group.bins.add(name);
    for (const name of examples) group.examples.add(name);
    return group;
  }

  #run(group: Group): Promise<Built> {
    let built = this.#built.get(group);
    if (!built) {
      built = build(this.#context, group);
      this.#built.set(group, built);
    }
    return built;
  }
}

/**
 * Returns the path of a program that cargo has built before; builds nothing.
 *
 * @throws {BinaryError} If it was not built.
 */
export async function builtBefore(context: BinaryContext, spec: BinarySpec): Promise<string> {
  if (spec.repo === undefined) {
    const near = spec.path === undefined ? spec.origin.directory : workspacePath(context, spec);
    return await targetBinary(context, spec, undefined, near);
  }
  const { repo, commit } = revisionOf(context, spec);
  const directory = await keptCheckout(context, { repo, commit });
  if (directory === undefined) {
    throw binaryError(
      spec,
      `${repo} at ${commit} was not built before, and nothing may be built`,
    );
  }
  // A checkout has its own target directory, whatever the variable says.
  const own = { ...context, variable: () => undefined };
  return await targetBinary(own, spec, undefined, directory);
}

/**
 * Checks that cargo can build a program; builds nothing.
 *
 * @throws {BinaryError} If cargo, git or the workspace is missing.
 */
export async function checkBuild(context: BinaryContext, spec: BinarySpec): Promise<void> {
  const failure = (message: string) => binaryError(spec, message);
  programOf(context, "cargo", failure, 'the mode "build"');
  if (spec.repo === undefined) await workspaceOfBinary(context, spec);
  else programOf(context, "git", failure, '"repo"');
}

/**
 * Checks that cargo can build a `[[prepare]]`; builds nothing.
 *
 * @throws {BinaryError} If cargo or the workspace is missing.
 */
export async function checkPrepare(context: BinaryContext, { origin }: PrepareSpec): Promise<void> {
  const failure = (message: string) => new BinaryError(origin.where, `[[prepare]]: ${message}`);
  programOf(context, "cargo", failure, "it");
  await workspaceOf(context, origin.directory, failure);
}

const keyOf = ({ bin, example }: BinarySpec) =>
  bin === undefined ? `example/${example}` : `bin/${bin}`;

function revisionOf(context: BinaryContext, { repo, commit, origin }: BinarySpec): Revision {
  // A URL, or git's host:path; anything else is a directory.
  const remote = /^[a-z][a-z+]*:\/\/|^[^/]+:/.test(repo!);
  return {
    repo: remote ? repo! : resolve(context.cwd, origin.directory, repo!),
    commit: commit ?? DEFAULT_COMMIT,
  };
}

function workspacePath(context: BinaryContext, { origin, path }: BinarySpec): string {
  return resolve(context.cwd, origin.directory, path!);
}

async function workspaceOfBinary(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const failure = (message: string) => binaryError(spec, message);
  if (spec.path === undefined) return await workspaceOf(context, spec.origin.directory, failure);
  const path = workspacePath(context, spec);
  if (!(await Deno.stat(path).catch(() => undefined))?.isDirectory) {
    throw failure(`it is built in ${path}, but there is no such directory`);
  }
  return await workspaceOf({ ...context, cwd: path }, path, failure);
}

async function workspaceOf(
  context: BinaryContext,
  directory: string,
  failure: (message: string) => BinaryError,
): Promise<string> {
  const [nearest] = await workspacesAround(context, directory);
  if (nearest !== undefined) return nearest;
  throw failure(
    `it is built by cargo, but there is no Cargo.toml in ${resolve(context.cwd, directory)}, ` +
      "nor above it",
  );
}

async function build(context: BinaryContext, group: Group): Promise<Built> {
  const { place, about, origin, features } = group;
  const failure = (message: string) => new BinaryError(origin.where, `${about}: ${message}`);
  const cargo = programOf(context, "cargo", failure, "a build");
  const directory = "directory" in place
    ? place.directory
    : await checkoutOf(context, place, about, failure);
  const args = [
    "build",
    "--release",
    ...[...group.bins].flatMap((name) => ["--bin", name]),
    ...[...group.examples].flatMap((name) => ["--example", name]),
    ...features.length > 0 ? ["--features", features.join(",")] : [],
    ...group.allFeatures ? ["--all-features"] : [],
  ];
  return await context.building(async () => {
    context.say(`cargo ${args.join(" ")} (in ${directory})`);
    const result = await runTool(context, {
      program: cargo,
      // Several checkouts must not share a target directory: it would have the programs of the last one.
      args: [
        ...args,
        ...("repo" in place ? ["--target-dir", `${directory}/target`] : []),
        "--message-format",
        "json-render-diagnostics",
      ],
      directory,
      onLine: (line) => context.say(`cargo: ${line.trim()}`),
    });
    if (!result.ok) {
      const name = `cargo-${digest(place, args)}`;
      throw await toolError(context, origin.where, `${about}: cargo build`, name, result);
    }
    return programsOf(result.stdout);
  });
}

/** Returns the programs in the messages of cargo, one JSON document per line. */
function programsOf(messages: string): Built {
  const built = new Map<string, string>();
  for (const line of messages.split("\n")) {
    if (!line.startsWith("{")) continue;
    const message = JSON.parse(line);
    if (message.reason !== "compiler-artifact" || typeof message.executable !== "string") continue;
    for (const kind of message.target.kind) {
      built.set(`${kind}/${message.target.name}`, message.executable);
    }
  }
  return built;
}
