import { findProgram, searchPath } from "../../../native/process/process.ts";
import { pathExists } from "../../../native/libc.ts";
import { CommandError } from "./errors.ts";
import type { Host, OutputKind, ProgramOutput } from "./host.ts";
import { pipedWhereInherited, relay } from "./log_output.ts";
import { signalled } from "./signalled.ts";

/** The variable that has the name of the node. */
export const NODE_VARIABLE = "NETYARD_NODE";

/**
 * A command in a node, like `Deno.Command` on the host: the same options, `spawn()`, `output()` and
 * `outputSync()`, with the network and names of the node. Its processes end with the node.
 */
export class NodeCommand {
  #host: Host;
  #program: string;
  #options: Deno.CommandOptions;
  #logging: boolean;
  /** Whether it is a program of Netyard itself. */
  #own: boolean;

  /**
   * Made by `node.command(...)`. `binary` output is not for the node's log. A program of Netyard's `own`
   * reports no events and no telemetry.
   */
  constructor(
    host: Host,
    program: string | URL,
    options: Deno.CommandOptions = {},
    { binary = false, own = false }: { binary?: boolean; own?: boolean } = {},
  ) {
    this.#own = own;
    this.#logging = host.logging && !binary;
    this.#program = program instanceof URL ? decodeURIComponent(program.pathname) : program;
    if (this.#program === "") {
      throw new CommandError(
        `${host.name}: command("") names no program; pass one, for example command("ping", { args: ["-c", "1", ip] })`,
      );
    }
    this.#host = host;
    this.#options = options;
  }

  /** Starts the process. Stdin, stdout and stderr are inherited unless the options say otherwise. */
  spawn(): Deno.ChildProcess {
    return this.#start({
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      ...this.#options,
    });
  }

  /** Runs it and waits for its end. Collects stdout and stderr unless the options say otherwise. */
  async output(): Promise<Deno.CommandOutput> {
    return await this.#start(this.#collecting()).output();
  }

  /** Runs it and blocks until its end: reflectors on this thread do not answer meanwhile. */
  outputSync(): Deno.CommandOutput {
    const options = this.#collecting();
    const { namespace } = this.#host;
    const { output } = this.#begin(() => {
      const command = this.#wrapped(options, true);
      return { output: namespace.enter(() => command.outputSync()) };
    }, (id, { output }) => this.#host.ended(id, output));
    for (const kind of this.#logging ? ["stdout", "stderr"] as const : []) {
      if (options[kind] !== "piped") continue;
      const log = this.#output(kind);
      log.write(output[kind]);
      log.end();
    }
    return output;
  }

  #output(kind: OutputKind): ProgramOutput {
    const host = this.#host;
    return this.#own ? { write: (chunk) => host.log(kind, chunk), end() {} } : host.output(kind);
  }

  #collecting(): Deno.CommandOptions {
    return { stdin: "null", stdout: "piped", stderr: "piped", ...this.#options };
  }

  #start(options: Deno.CommandOptions): Deno.ChildProcess {
    const logging = this.#logging;
    const child = this.#begin(
      () => this.#spawn(logging ? pipedWhereInherited(options) : options),
      (id, child) => this.#host.track(child.status.then((how) => this.#host.ended(id, how))),
    );
    if (!logging) return child;
    return relay(child, options, {
      output: (kind) => this.#output(kind),
      track: (work) => this.#host.track(work),
    });
  }

  /** Reports that a command starts, or that it cannot. */
  #begin<T>(start: () => T, then: (id: string, started: T) => void): T {
    this.#host.ready();
    const id = this.#host.started([this.#program, ...this.#options.args ?? []]);
    let started: T;
    try {
      started = start();
    } catch (error) {
      this.#host.ended(id, { code: 127, signal: null });
      throw error;
    }
    then(id, started);
    return started;
  }

  #spawn(options: Deno.CommandOptions): Deno.ChildProcess {
    const { signal } = this.#host.sandbox;
    if (!signal) {
      const command = this.#wrapped(options);
      return this.#host.enter(() => command.spawn());
    }
    const { signal: abort, ...rest } = options;
    const command = this.#wrapped(rest);
    return signalled(this.#host.enter(() => command.spawn()), signal, abort);
  }

  #wrapped(options: Deno.CommandOptions, sync = false): Deno.Command {
    const cwd = directory(options.cwd);
    const program = this.#find(options, cwd);
    const { args = [], uid, gid, env, ...rest } = options;
    const [file, ...wrapped] = this.#host.sandbox.wrap(program, args, { cwd, uid, gid, sync });
    return new Deno.Command(file, {
      ...rest,
      cwd,
      args: wrapped,
      env: options.clearEnv ? env : {
        [NODE_VARIABLE]: this.#host.name,
        ...this.#host.environment,
        ...this.#variables(env, sync),
        ...env,
      },
    });
  }

  /** The variables for telemetry. Its server is on this thread, which `outputSync()` blocks. */
  #variables(env: Record<string, string> = {}, sync: boolean): Record<string, string> {
    if (this.#own || sync) return {};
    return this.#host.variables((name) => env[name] ?? inherited(name));
  }

  /** Resolves the program as execvp(3) would, so that a missing one is reported before the fork. */
  #find(options: Deno.CommandOptions, cwd: string): string {
    const { name } = this.#host;
    const path = options.env?.PATH ?? (options.clearEnv ? "/usr/bin:/bin" : undefined);
    const file = absolute(this.#program, cwd);
    const slash = file.lastIndexOf("/");
    const found = this.#program.includes("/")
      ? findProgram(file.slice(slash + 1), [file.slice(0, slash)])
      : findProgram(this.#program, [...path?.split(":") ?? searchPath(), "/usr/sbin", "/sbin"]);
    if (found !== undefined) return found;
    if (this.#program.includes("/") && pathExists(file)) {
      throw new Deno.errors.PermissionDenied(
        `${name}: "${this.#program}" is not an executable file; set its x bit, or name its interpreter`,
      );
    }
    throw new Deno.errors.NotFound(
      `${name}: no program "${this.#program}" on this host; install it, or give its path`,
    );
  }
}

/** A variable of this process, which its children inherit; undefined without the permission to see it. */
export function inherited(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** The working directory of a command, as a path from the root. */
function directory(cwd: string | URL | undefined): string {
  if (cwd instanceof URL) return decodeURIComponent(cwd.pathname);
  return cwd === undefined ? Deno.cwd() : absolute(cwd, Deno.cwd());
}

/** A path from the root; a relative one begins at `base`. */
function absolute(path: string, base: string): string {
  return path.startsWith("/") ? path : `${base}/${path}`;
}
