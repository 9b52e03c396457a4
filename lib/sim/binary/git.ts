import { join } from "node:path";
import { findProgram } from "../../../native/process/process.ts";
import { nearest } from "../../options/nearest.ts";
import { withLock } from "../../files/lock.ts";
import { BUILDING, explained, removeAbandoned } from "../../files/cache.ts";
import { type BinaryContext, digest, programOf } from "./context.ts";
import type { BinaryError } from "./error.ts";
import { runTool, type ToolResult } from "./tool.ts";
import { tail } from "../../files/tail.ts";

/** A revision of a git repository. */
export interface Revision {
  repo: string;
  /** A branch, a tag or a commit. */
  commit: string;
}

const REFS = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/** How long a checkout is kept without use: each one has all the files that cargo has built in it. */
const UNUSED_MS = 30 * 24 * 3_600_000;

/**
 * Checks out a revision in the cache, and returns the directory. A repository is cloned once; branches
 * and tags are fetched each time. Each commit has its own directory, so that its build results are kept.
 *
 * @throws {BinaryError} If the repository cannot be cloned, or has no such revision.
 */
export async function checkoutOf(
  context: BinaryContext,
  revision: Revision,
  about: string,
  failure: (message: string) => BinaryError,
): Promise<string> {
  const { repo, commit } = revision;
  const program = programOf(context, "git", failure, '"repo"');
  const base = baseOf(context, repo);
  const git = (...args: string[]) => runGit(context, program, args);
  const must = (what: string, result: ToolResult) => {
    if (result.ok) return result.stdout.trim();
    throw failure(`${what}: git ${result.ending}:\n${tail(result.log)}`);
  };
  try {
    return await withLock(`${base}.lock`, async () => {
      const clone = join(base, "repo.git");
      if (!await isDirectory(clone)) {
        context.say(`${about}: cloning ${repo}`);
        await inTemporary(base, async (own) => {
          must(`cannot clone ${repo}`, await git("clone", "--bare", "--", repo, own));
          await Deno.rename(own, clone);
        });
      } else if (!await isKnownCommit(git, clone, commit)) {
        context.say(`${about}: fetching ${repo}`);
        const fetched = await git("-C", clone, "fetch", "--prune", "origin", ...REFS);
        must(`cannot fetch ${repo}`, fetched);
      }
      let id = await resolved(git, clone, commit);
      if (id === undefined && isId(commit)) {
        // A commit that is on no branch, such as that of a pull request.
        if ((await git("-C", clone, "fetch", "origin", commit)).ok) id = commit;
      }
      if (id === undefined) {
        const refs = await git("-C", clone, "for-each-ref", "--format=%(refname:lstrip=2)");
        const near = nearest(commit, refs.stdout.split("\n").filter(Boolean));
        throw failure(
          `${repo} has no branch, tag or commit "${commit}"` +
            (near ? `; did you mean "${near}"?` : ""),
        );
      }
      const tree = join(base, id);
      if (!await isDirectory(tree)) {
        await removeUnused(base);
        await inTemporary(base, async (own) => {
          const what = `cannot check out ${commit} of ${repo}`;
          const shared = ["clone", "--shared", "--no-checkout", "--", clone, own];
          must(what, await git(...shared));
          // URLs of submodules may be relative to that of the repository.
          must(what, await git("-C", own, "remote", "set-url", "origin", repo));
          must(what, await git("-C", own, "checkout", "--detach", id));
          const modules = ["submodule", "update", "--init", "--recursive"];
          must(what, await git("-C", own, ...modules));
          await Deno.rename(own, tree);
        });
      }
      const now = new Date();
      await Deno.utime(tree, now, now);
      return tree;
    });
  } catch (error) {
    throw explained(error, base);
  }
}

/** Returns the directory of a revision that was checked out before; undefined if there is none. */
export async function keptCheckout(
  context: BinaryContext,
  { repo, commit }: Revision,
): Promise<string | undefined> {
  const program = findProgram("git", context.searchPath);
  const base = baseOf(context, repo);
  const clone = join(base, "repo.git");
  if (!program || !await isDirectory(clone)) return undefined;
  const id = await resolved((...args) => runGit(context, program, args), clone, commit);
  const tree = id && join(base, id);
  return tree && await isDirectory(tree) ? tree : undefined;
}

type Git = (...args: string[]) => Promise<ToolResult>;

function runGit(context: BinaryContext, program: string, args: string[]): Promise<ToolResult> {
  return runTool(context, {
    program,
    args: ["-c", "advice.detachedHead=false", ...args],
    directory: "/",
    env: { GIT_TERMINAL_PROMPT: "0" }, // no prompt can be answered
  });
}

const baseOf = (context: BinaryContext, repo: string) => join(context.cache, "git", digest(repo));

/** Returns the commit of a branch, tag or commit, if the clone has it. */
async function resolved(git: Git, clone: string, commit: string): Promise<string | undefined> {
  for (const name of [`refs/heads/${commit}`, `refs/tags/${commit}`, commit]) {
    const { ok, stdout } = await git(
      ...["-C", clone, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
    );
    if (ok) return stdout.trim();
  }
}

/** Returns whether it is a commit, which never changes, and the clone has it. */
async function isKnownCommit(git: Git, clone: string, commit: string): Promise<boolean> {
  if (!/^[0-9a-f]{7,40}$/.test(commit)) return false;
  return (await resolved(git, clone, commit))?.startsWith(commit) ?? false;
}

const isId = (commit: string) => /^[0-9a-f]{40}$/.test(commit);

async function isDirectory(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isDirectory ?? false;
}

async function inTemporary(base: string, act: (own: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(base, { recursive: true });
  await removeAbandoned(base);
  const own = await Deno.makeTempDir({ dir: base, prefix: BUILDING });
  try {
    await act(own);
  } finally {
    await Deno.remove(own, { recursive: true }).catch(() => {}); // it was renamed
  }
}

async function removeUnused(base: string): Promise<void> {
  for await (const { name } of Deno.readDir(base)) {
    if (!isId(name)) continue;
    const path = join(base, name);
    const { mtime } = await Deno.stat(path);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) > UNUSED_MS) {
      await Deno.remove(path, { recursive: true });
    }
  }
}
