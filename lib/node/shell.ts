import $, { type $Type, CommandBuilder } from "@david/dax";
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import type { Host } from "./host.ts";
import { signalNodeChild } from "./signalled.ts";
import { hookSpawn, type SpawnOptions } from "./spawn_patch.ts";

/** Tells a process that dax starts which node it belongs to; the process sees it too. */
const MARK = "NETYARD_NODE";

/** The nodes whose shell was asked for, by id. */
const shells = new Map<string, Host>();
let hooked = false;

/**
 * A dax `$` of which every external program runs inside the node. The shell's
 * own commands (`cd`, `cat`, `rm`, ...) and `$.request` stay outside.
 */
export function nodeShell(host: Host): $Type {
  if (!hooked) {
    hooked = true;
    hookSpawn(startInNode);
  }
  shells.set(host.id, host);
  // Set as late as can be: clearEnv() and env() of the user come before it.
  const commandBuilder = new CommandBuilder()
    .beforeCommandSync((builder) => builder.env(MARK, host.id));
  return $.build$({ commandBuilder });
}

/** Forgets a node: what its shell still tries to start fails. */
export function forgetShell(host: Host): void {
  shells.delete(host.id);
}

function startInNode(
  child: ChildProcess,
  options: SpawnOptions,
): ((start: (options: SpawnOptions) => void) => void) | undefined {
  const id = options.envPairs?.find((pair) => pair.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
  if (id === undefined) return undefined;
  const host = shells.get(id);
  if (!host) {
    throw new Error(`node ${id} is gone: its shell cannot start ${options.args.join(" ")}`);
  }
  return (start) => {
    host.ready();
    const [, ...args] = options.args;
    const argv = host.sandbox.wrap(options.file, args, options.cwd ?? Deno.cwd());
    const command = host.started([options.file, ...args]);
    const stdio = host.logging ? pipedWhereInherited(options.stdio) : options.stdio;
    host.enter(() => start({ ...options, file: argv[0], args: argv, stdio }));
    const { signal } = host.sandbox;
    if (signal) signalNodeChild(child, signal);
    child.once("exit", (code, signal) => host.ended(command, { code: code ?? 128, signal }));
    if (host.logging) record(child, options.stdio, host);
  };
}

function pipedWhereInherited(stdio: unknown): unknown {
  return Array.isArray(stdio)
    ? stdio.map((kind, fd) => fd > 0 && kind === "inherit" ? "pipe" : kind)
    : stdio;
}

/** Writes what the process prints to the node's log, and to the terminal what was to be inherited. */
function record(child: ChildProcess, stdio: unknown, host: Host): void {
  for (const [fd, kind] of [[1, "stdout"], [2, "stderr"]] as const) {
    const stream = child[kind] as Readable | null;
    if (!stream) continue;
    const inherited = Array.isArray(stdio) && stdio[fd] === "inherit";
    if (inherited) {
      stream.on("data", (chunk: Uint8Array) => {
        host.log(kind, chunk);
        Deno[kind].writeSync(chunk);
      });
      continue;
    }
    // dax reads this stream: look at what arrives without taking it.
    const push = stream.push.bind(stream);
    stream.push = (chunk, encoding) => {
      if (chunk) host.log(kind, new Uint8Array(chunk));
      return push(chunk, encoding);
    };
  }
}
