import childProcess, { type ExecFileSyncOptions } from "node:child_process";
import { signalChildOf } from "../../../native/process/signal.ts";
import type { ThreadPowers } from "../../../native/process/enter_node.ts";
import { signalled } from "./signalled.ts";
import { hookSpawn, signalNodeChild } from "./spawn_patch.ts";

/** How the processes of a thread enter the node. */
export interface ChildrenOptions {
  /** Whether the thread may enter the PID namespace to start a process; see Sandbox. */
  direct: boolean;
  /** The command line that enters for a thread that may not; the program follows it. */
  nsenter: [string, ...string[]];
  /** Variables that a program gets besides its own, unless it has one that begins with `OTEL_`. */
  variables: Record<string, string>;
}

/**
 * Makes processes of this thread belong to the node, so that they end with it: those of `Deno.Command` and
 * related functions, and of `node:child_process`, except named imports of its `...Sync` functions.
 */
export function adoptChildren(powers: ThreadPowers, options: ChildrenOptions): void {
  const { direct, nsenter, variables } = options;
  const { inside } = powers;
  const [enter, ...flags] = nsenter;
  const signal = (pid: number, name: Deno.Signal) => signalChildOf(pid, name, powers.readProc);
  const Original = Deno.Command;
  // A thread that may run nsenter may run anything, so a list of allowed programs is not extended.
  const mayEnter = () =>
    Deno.permissions.querySync({ name: "run", command: enter }).state === "granted";
  /** The same command by way of nsenter(1). */
  const through = (program: string | URL, options: Deno.CommandOptions = {}) => {
    const { uid, gid, signal: _, ...rest } = options;
    const ids = [
      ...gid === undefined ? [] : [`--setgid=${gid}`],
      ...uid === undefined ? [] : [`--setuid=${uid}`],
    ];
    const file = program instanceof URL ? decodeURIComponent(program.pathname) : program;
    const args = [...flags, ...ids, "--", file, ...options.args ?? []];
    return new Original(enter, { ...rest, args });
  };

  const isOwn = (name: string) => name.startsWith("OTEL_");
  const withVariables = (options: Deno.CommandOptions = {}): Deno.CommandOptions =>
    options.clearEnv || Object.keys(options.env ?? {}).some(isOwn)
      ? options
      : { ...options, env: { ...variables, ...options.env } };

  class Command extends Original {
    #line: ConstructorParameters<typeof Deno.Command>;

    constructor(program: string | URL, options?: Deno.CommandOptions) {
      const all = withVariables(options);
      super(program, all);
      this.#line = [program, all];
    }

    override spawn(): Deno.ChildProcess {
      if (direct) return inside(() => super.spawn());
      if (!mayEnter()) return super.spawn();
      const [program, options] = this.#line;
      return signalled(through(program, options).spawn(), signal, options?.signal);
    }
    override output(): Promise<Deno.CommandOutput> {
      if (direct) return inside(() => super.output());
      if (!mayEnter()) return super.output();
      const [program, options] = this.#line;
      const piped = { stdin: "null", stdout: "piped", stderr: "piped", ...options } as const;
      return signalled(through(program, piped).spawn(), signal, options?.signal).output();
    }
    override outputSync(): Deno.CommandOutput {
      // It starts threads to read by, which no thread that entered may: nsenter(1) enters instead.
      return mayEnter() ? through(...this.#line).outputSync() : super.outputSync();
    }
  }

  type Line = [program: string | URL, args?: string[] | Deno.CommandOptions, o?: object];
  const command = ([program, args, options]: Line) =>
    new Command(program, Array.isArray(args) ? { ...options, args } : args);
  replace(Deno, {
    Command,
    spawn: (...line: Line) => command(line).spawn(),
    spawnAndWait: (...line: Line) => command(line).output(),
    spawnAndWaitSync: (...line: Line) => command(line).outputSync(),
  });

  hookSpawn((child, given) => (start) => {
    const pairs = given.envPairs ?? [];
    const added = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const options = { ...given, envPairs: pairs.some(isOwn) ? pairs : [...pairs, ...added] };
    if (direct) return inside(() => start(options));
    const [, ...args] = options.args;
    start({ ...options, file: enter, args: [enter, ...flags, "--", options.file, ...args] });
    signalNodeChild(child, signal);
  });
  adoptSyncChildren([enter, ...flags]);
}

function adoptSyncChildren([enter, ...flags]: string[]): void {
  const { execFileSync, spawnSync } = childProcess;
  type Options = { shell?: string | boolean };
  const line = (file: string, args: readonly string[], { shell }: Options): string[] =>
    shell ? [shell === true ? "/bin/sh" : shell, "-c", [file, ...args].join(" ")] : [file, ...args];
  /** Makes a function that takes (file, args?, options?) start nsenter(1) instead. */
  const through =
    <R>(original: (file: string, args: string[], options: object) => R) =>
    (file: string, second?: readonly string[] | Options, third?: Options): R => {
      const [args, options] = Array.isArray(second)
        ? [second, third ?? {}]
        : [[], third ?? second as Options | undefined ?? {}];
      const wrapped = [...flags, "--", ...line(file, args, options)];
      return original(enter, wrapped, { ...options, shell: false });
    };
  const execFile = through(execFileSync as (f: string, a: string[], o: object) => unknown);
  replace(childProcess, {
    spawnSync: through(spawnSync),
    execFileSync: execFile,
    execSync: (text: string, options?: ExecFileSyncOptions) =>
      execFile(text, { ...options, shell: options?.shell || true }),
  });
}

function replace(target: object, functions: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (!(name in target)) continue;
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
}
