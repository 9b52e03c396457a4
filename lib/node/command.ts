import { resolve } from "node:path";
import { pathExists } from "../../native/libc.ts";
import { CommandError } from "./errors.ts";
import type { Host } from "./host.ts";
import { relay } from "./relay.ts";
import type { Sandbox } from "./sandbox.ts";
import { signalled } from "./signalled.ts";

/**
 * A command in a node, as `Deno.Command` is one on the host: the same options,
 * `spawn()`, `output()` and `outputSync()`, with the node's network, its names,
 * and processes that end with the node.
 */
export class NodeCommand {
  #host: Host;
  #program: string;
  #options: Deno.CommandOptions;

  /**
   * Made by `node.command(...)`.
   *
   * @internal
   */
  constructor(host: Host, program: string | URL, options: Deno.CommandOptions = {}) {
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
    const options: Deno.CommandOptions = {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      ...this.#options,
    };
    return this.#start(options);
  }

  /** Runs to the end. Stdout and stderr are collected unless the options say otherwise. */
  async output(): Promise<Deno.CommandOutput> {
    const child = this.#start({
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...this.#options,
    });
    return await child.output();
  }

  /** Runs to the end without giving the event loop a turn: no reflector of this thread answers. */
  outputSync(): Deno.CommandOutput {
    const options: Deno.CommandOptions = {
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...this.#options,
    };
    const { sandbox, namespace } = this.#host;
    this.#host.ready();
    const command = this.#wrapped(options, (...line) => sandbox.wrapSync(...line));
    const id = this.#host.started(this.#argv());
    const output = namespace.enter(() => command.outputSync());
    if (options.stdout === "piped") this.#host.log("stdout", output.stdout);
    if (options.stderr === "piped") this.#host.log("stderr", output.stderr);
    this.#host.ended(id, output);
    return output;
  }

  #argv(): string[] {
    return [this.#program, ...this.#options.args ?? []];
  }

  #start(options: Deno.CommandOptions): Deno.ChildProcess {
    const logging = this.#host.logging;
    const id = this.#host.started(this.#argv());
    try {
      const child = this.#spawn(
        logging ? { ...options, ...pipedWhereInherited(options) } : options,
      );
      child.status.then((status) => this.#host.ended(id, status)).catch(() => {});
      return logging ? relay(child, options, this.#host) : child;
    } catch (error) {
      this.#host.ended(id, { code: 127, signal: null });
      throw error;
    }
  }

  #spawn(options: Deno.CommandOptions): Deno.ChildProcess {
    const command = this.#wrapped(options, (...line) => this.#host.sandbox.wrap(...line));
    const child = this.#host.enter(() => command.spawn());
    const { signal } = this.#host.sandbox;
    return signal ? signalled(child, signal) : child;
  }

  #wrapped(options: Deno.CommandOptions, wrap: Sandbox["wrap"]): Deno.Command {
    const program = findProgram(this.#program, options, this.#host.name);
    const { cwd, args = [], ...rest } = options;
    const [file, ...wrapped] = wrap(program, args, absolute(cwd));
    return new Deno.Command(file, { ...rest, args: wrapped });
  }
}

function absolute(cwd: string | URL | undefined): string {
  if (cwd instanceof URL) return decodeURIComponent(cwd.pathname);
  return cwd === undefined ? Deno.cwd() : resolve(cwd);
}

function pipedWhereInherited(options: Deno.CommandOptions): Deno.CommandOptions {
  return {
    ...options.stdout === "inherit" ? { stdout: "piped" as const } : {},
    ...options.stderr === "inherit" ? { stderr: "piped" as const } : {},
  };
}

/** Resolves a program as execvp(3) would, so that a missing one is reported before the fork. */
function findProgram(program: string, options: Deno.CommandOptions, node: string): string {
  if (program.includes("/")) {
    if (pathExists(program)) return program;
  } else {
    const path = options.env?.PATH ??
      (options.clearEnv ? undefined : Deno.env.get("PATH")) ?? "/usr/bin:/bin";
    for (const dir of [...path.split(":"), "/usr/sbin", "/sbin"]) {
      if (dir && pathExists(`${dir}/${program}`)) return `${dir}/${program}`;
    }
  }
  throw new Deno.errors.NotFound(
    `${node}: no program "${program}" on this host; install it, or give its path`,
  );
}
