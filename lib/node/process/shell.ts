import $, { type $Type, CommandBuilder, KillController } from "@david/dax";
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { openSearchPath } from "../../../native/process/process.ts";
import { NODE_VARIABLE } from "./command.ts";
import type { Host } from "./host.ts";
import { refuseOutsideFiles } from "./outside_files.ts";
import { writeAllSync } from "./log_output.ts";
import { hookSpawn, signalNodeChild, type SpawnOptions } from "./spawn_patch.ts";

/**
 * Marks a process of dax with its node. The value begins with a secret of this process: a script that
 * runs in a node may build its own labs.
 */
const MARK = "NETYARD_SHELL";
const SECRET: string = crypto.randomUUID();

/**
 * Commands of dax's own that would see the host's /etc and /proc, or outlive the node; the real ones
 * run inside.
 */
const OUTSIDE = ["cat", "cp", "mkdir", "mv", "printenv", "rm", "sleep", "test", "touch"];

/** The nodes with a shell, by ID, each with the function that ends it. */
const shells = new Map<string, { host: Host; killer: KillController }>();
let hooked = false;

/**
 * A dax `$` of which every external program runs inside the node, those that touch files among
 * them. The shell's own commands (`cd`, `echo`, ...), redirections and `$.request` stay
 * outside.
 */
export function nodeShell(host: Host): $Type {
  if (!hooked) {
    hooked = true;
    hookSpawn(startInNode);
  }
  const killer = new KillController();
  shells.set(host.id, { host, killer });
  // Set as late as can be: clearEnv() and env() of the user come before it.
  const mark = (builder: CommandBuilder) =>
    builder.env({ [MARK]: `${SECRET}/${host.id}`, [NODE_VARIABLE]: host.name });
  const commandBuilder = OUTSIDE.reduce(
    (builder, name) => builder.unregisterCommand(name),
    new CommandBuilder().env({ PATH: openSearchPath(), ...host.environment }).signal(killer.signal)
      .beforeCommandSync(mark),
  );
  return new Proxy($.build$({ commandBuilder }), {
    apply(shell, self, [strings, ...values]) {
      host.ready();
      refuseOutsideFiles(host, strings, values);
      return Reflect.apply(shell, self, [strings, ...values]);
    },
  });
}

/**
 * Ends what a node's shell does, and forgets it: programs that run end with 137, as a killed program
 * does, and what was to come with dax's code for that, so that `noThrow()` holds for all.
 */
export function closeShell(host: Host): void {
  shells.get(host.id)?.killer.kill("SIGKILL");
  shells.delete(host.id);
}

function startInNode(
  child: ChildProcess,
  options: SpawnOptions,
): ((start: (options: SpawnOptions) => void) => void) | undefined {
  const mark = options.envPairs?.find((pair) => pair.startsWith(`${MARK}=${SECRET}/`));
  if (mark === undefined) return undefined;
  const id = mark.slice(`${MARK}=${SECRET}/`.length);
  const host = shells.get(id)?.host;
  if (!host) {
    // The node closed between the shell's look and its start. An error here would pass noThrow().
    return (start) => start({ ...options, file: "/bin/sh", args: ["sh", "-c", "exit 137"] });
  }
  return (start) => {
    host.ready();
    const [, ...args] = options.args;
    const argv = host.sandbox.wrap(options.file, args, { cwd: options.cwd ?? Deno.cwd() });
    const stdio = host.logging ? pipedStdio(options.stdio) : options.stdio;
    const envPairs = withVariables(options.envPairs ?? [], host);
    const command = host.started([options.file, ...args]);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = (code: number, signal: string | null) => {
      host.ended(command, { code, signal });
      resolve();
    };
    const printed: Promise<void>[] = [];
    onEnd(child, printed, end);
    host.track(ended);
    try {
      host.enter(() => start({ ...options, file: argv[0], args: argv, envPairs, stdio }));
    } catch (error) {
      end(127, null);
      throw error;
    }
    // Also because kill() itself would have Deno take the exit for one by that signal.
    signalNodeChild(child, host.sandbox.signal ?? Deno.kill);
    if (host.logging) printed.push(...record(child, options.stdio, host));
  };
}

/** The environment of a process, without the mark and with what the node adds to it. */
function withVariables(pairs: string[], host: Host): string[] {
  const own = pairs.filter((pair) => !pair.startsWith(`${MARK}=`));
  const given = (name: string) =>
    own.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  const added = Object.entries(host.variables(given));
  return [...own, ...added.map(([name, value]) => `${name}=${value}`)];
}

/**
 * Changes what the child's listeners hear: they are told of its exit once what it printed is on
 * the terminal, and of a signal by 128 and its number. dax takes no code for success, and so a
 * program that crashed, or was killed with its node.
 */
function onEnd(
  child: ChildProcess,
  printed: Promise<void>[],
  ended: (code: number, signal: string | null) => void,
): void {
  const emit = child.emit.bind(child) as (event: string | symbol, ...args: unknown[]) => boolean;
  child.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === "error" && child.pid === undefined) ended(127, null);
    if (event !== "exit") return emit(event, ...args);
    const [exitCode, signal] = args as [number | null, NodeJS.Signals | null];
    const code = exitCode ?? 128 + (signal ? constants.signals[signal] : 0);
    void Promise.all(printed).then(() => {
      ended(code, signal);
      emit("exit", code, signal);
    });
    return true;
  };
}

function pipedStdio(stdio: unknown): unknown {
  return Array.isArray(stdio)
    ? stdio.map((kind, fd) => fd > 0 && kind === "inherit" ? "pipe" : kind)
    : stdio;
}

/** Logs the output of the process, and prints inherited output on the terminal. */
function record(child: ChildProcess, stdio: unknown, host: Host): Promise<void>[] {
  const printed: Promise<void>[] = [];
  for (const [fd, kind] of [[1, "stdout"], [2, "stderr"]] as const) {
    const stream = child[kind] as Readable | null;
    if (!stream) continue;
    const output = host.output(kind);
    if (Array.isArray(stdio) && stdio[fd] === "inherit") {
      stream.on("data", (chunk: Uint8Array) => {
        output.write(chunk);
        writeAllSync(kind, chunk);
      });
      printed.push(new Promise((resolve) => stream.once("close", resolve)).then(output.end));
      continue;
    }
    // dax reads this stream: look at what arrives without taking it.
    const push = stream.push.bind(stream);
    stream.push = (chunk, encoding) => {
      if (chunk) output.write(new Uint8Array(chunk));
      else output.end();
      return push(chunk, encoding);
    };
  }
  return printed;
}
