import { hasCapabilities } from "../../native/process/capabilities.ts";
import { readFileText } from "../../native/libc.ts";
import { findProgram } from "../../native/process/process.ts";

const NOBODY = 65534;

/** The result of a command of an ordinary user. */
export interface Outcome {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/**
 * A directory in which commands run as a user without privileges: `nobody`, if the tests run as root. It
 * has copies of folders of this repository, which an ordinary user may not be able to read.
 */
export class OrdinaryUser implements AsyncDisposable {
  readonly dir: string;
  /** A Deno that this user can execute. */
  readonly deno: string;
  readonly #drop: string[];

  private constructor(dir: string, deno: string, drop: string[]) {
    this.dir = dir;
    this.deno = deno;
    this.#drop = drop;
  }

  /** Makes the directory with folders of the repository and additional files. */
  static async create(folders: string[], files: Record<string, string>): Promise<OrdinaryUser> {
    const dir = await Deno.realPath(await Deno.makeTempDir());
    for (const folder of folders) {
      await copyFolder(new URL(`../../${folder}/`, import.meta.url), `${dir}/${folder}`);
    }
    const imports = { "@netyard/netyard/rootless": "./native/rootless.ts" };
    await Deno.writeTextFile(`${dir}/deno.json`, JSON.stringify({ imports }));
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await Deno.chmod(dir, 0o755);
    const drop = wayDown();
    if (drop.some((arg) => arg.startsWith("--reuid"))) await giveAway(dir);
    return new OrdinaryUser(dir, await reachableDeno(dir), drop);
  }

  /**
   * Runs a command there. The environment holds only what is needed, and `env`. `before` begins a
   * command that runs the rest of it, with the privileges that are dropped then.
   */
  async run(
    argv: string[],
    options: { env?: Record<string, string>; cwd?: string; stdin?: string; before?: string[] } = {},
  ): Promise<Outcome> {
    const process = this.spawn(argv, { ...options, stdin: options.stdin === undefined });
    if (options.stdin !== undefined) {
      const writer = process.stdin.getWriter();
      await writer.write(new TextEncoder().encode(options.stdin));
      await writer.close();
    }
    const { code, signal, stdout, stderr } = await process.output();
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Starts a command in the directory; the default of `stdin` is a pipe. */
  spawn(
    argv: string[],
    options: { env?: Record<string, string>; cwd?: string; stdin?: boolean; before?: string[] } =
      {},
  ): Deno.ChildProcess {
    const [program, ...args] = [...options.before ?? [], ...this.#drop, ...argv];
    return new Deno.Command(program, {
      args,
      cwd: options.cwd ?? this.dir,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        HOME: this.dir,
        DENO_DIR: `${this.dir}/.deno`,
        NO_COLOR: "1",
        ...options.env,
      },
      stdin: options.stdin ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** The command that drops this process's privileges; empty if it has none. */
function wayDown(): string[] {
  if (!hasCapabilities()) return [];
  // Uses its path, because a test may give its command a PATH without it.
  const setpriv = findProgram("setpriv");
  if (!setpriv) throw new Error("setpriv is not on PATH: install util-linux");
  const users = readFileText("/proc/self/uid_map").trim().split(/\s+/)[2];
  if (Number(users) > NOBODY) {
    return [setpriv, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  }
  // In a user namespace of one user there is no other to become. Without
  // CAP_SETFCAP the kernel would let no child namespace map this root.
  return [setpriv, "--bounding-set=-all,+setfcap", "--inh-caps=-all"];
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const source = new URL(entry.name, from);
    if (entry.isDirectory) await copyFolder(new URL(`${source}/`), `${to}/${entry.name}`);
    else await Deno.copyFile(source, `${to}/${entry.name}`);
  }
}

async function giveAway(path: string): Promise<void> {
  await Deno.chown(path, NOBODY, NOBODY);
  const { isDirectory } = await Deno.lstat(path);
  if (!isDirectory) return;
  for await (const entry of Deno.readDir(path)) await giveAway(`${path}/${entry.name}`);
}

async function reachableDeno(dir: string): Promise<string> {
  const deno = await Deno.realPath(Deno.execPath());
  for (let path = deno; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    if (((await Deno.stat(path)).mode ?? 0) & 1) continue;
    // By a process of its own: a child of this one, forked by another test, could hold the copy open
    // for writing, and the kernel would not run it then (ETXTBSY).
    const { success } = await new Deno.Command("cp", { args: [deno, `${dir}/deno`] }).output();
    if (!success) throw new Error(`cannot copy ${deno} to ${dir}`);
    await Deno.chmod(`${dir}/deno`, 0o755);
    return `${dir}/deno`;
  }
  return deno;
}
