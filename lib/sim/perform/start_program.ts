import type { Pipe } from "../values/output_parser.ts";
import type { Device } from "../../lab/device.ts";
import type { Router } from "../../lab/router.ts";
import type { Vm } from "../../lab/vm.ts";
import { GuestCommandError } from "../../vm/options/errors.ts";
import { type Exit, type Listeners, Program, type Running } from "./program.ts";
import { fillIn } from "./fill_in.ts";
import type { Limit } from "../values/limit.ts";
import { addressVariables, isVm, nodeNamed } from "./nodes.ts";
import type { RunState } from "./run_state.ts";
import { StepError } from "../values/step_error.ts";
import type { RunStep, SpawnStep } from "../types/types.ts";

/** The exit codes of shells for a missing program, and for one that cannot be executed. */
const NO_PROGRAM = 127;
const NOT_EXECUTABLE = 126;

/**
 * Starts the program of a step as soon as all references of its command have a value.
 *
 * @throws {StepError} If a capture gets no value, or the program cannot be started.
 */
export async function startProgram(
  run: RunState,
  step: RunStep | SpawnStep,
  limit: Limit,
): Promise<Program> {
  const node = nodeNamed(run.lab, step.device);
  const vm = isVm(node) ? node : undefined;
  const command: string[] = [];
  for (const word of step.cmd) command.push(await fillIn(run, word, limit, vm));
  const env: Record<string, string> = addressVariables(run.lab);
  for (const [name, value] of Object.entries(step.env)) {
    env[name] = await fillIn(run, value, limit, vm);
  }
  const listeners: Listeners = {
    capture: (name, value) => run.captures.set(`${step.id}.${name}`, value),
    line: run.context.onLine &&
      ((stream, text) => run.context.onLine?.({ node: step.device, stream, text })),
  };
  try {
    if (!isVm(node)) return program(run, step, command, startInNode(node, command, env), listeners);
    const running = await limit.wait(startInVm(node, command, env), {
      doing: `starting "${command[0]}"`,
      late: (waited) => `"${command[0]}" did not start within ${waited}`,
    });
    running.exited = running.exited.catch((error) => {
      throw notStarted(step, command, error);
    });
    // The lab does not log the output of programs in guests.
    const log = new NodeLog(run.context.directory, step.device);
    listeners.bytes = (pipe, chunk) => log.write(pipe, chunk);
    const started = program(run, step, command, running, listeners);
    void started.drained.then(() => log.close());
    return started;
  } catch (error) {
    throw notStarted(step, command, error);
  }
}

function program(
  run: RunState,
  step: RunStep | SpawnStep,
  command: string[],
  running: Running,
  listeners: Listeners,
): Program {
  const started = new Program(step, command, running, listeners);
  run.programs.set(step.id, started);
  run.captures.setSource(step.id, started);
  return started;
}

function startInNode(
  node: Device | Router,
  [file, ...args]: string[],
  env: Record<string, string>,
): Running {
  const child = node.command(file, {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true, // Ctrl-C must reach this process alone, so that it knows why programs end
  }).spawn();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    exited: child.status,
    kill: (signal) => child.kill(signal),
  };
}

async function startInVm(
  vm: Vm,
  command: string[],
  env: Record<string, string>,
): Promise<Running> {
  const process = await vm.spawn(command, { env });
  const exited = process.wait().then(({ exitCode, signal }): Exit => ({ code: exitCode, signal }));
  exited.catch(() => {}); // Until something waits for it.
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    exited,
    kill: (signal) => process.kill(signal),
    endsOutputs: true,
  };
}

function notStarted(step: RunStep | SpawnStep, command: string[], error: unknown): unknown {
  if (error instanceof StepError || !(error instanceof Error)) return error;
  const isMissing = error instanceof Deno.errors.NotFound ||
    (error instanceof GuestCommandError && /the guest has no program/.test(error.message));
  const exitCode = isMissing
    ? NO_PROGRAM
    : error instanceof Deno.errors.PermissionDenied
    ? NOT_EXECUTABLE
    : undefined;
  return new StepError(error.message, {
    cause: error,
    program: { command, ...exitCode && { exitCode }, device: step.device },
  });
}

/** Appends the output of programs in a node to its logs, for nodes whose programs the lab does not log. */
class NodeLog {
  #directory: string;
  #files = new Map<Pipe, Promise<Deno.FsFile>>();

  /** `directory` is the simulation's directory. */
  constructor(directory: string, node: string) {
    this.#directory = `${directory}/nodes/${node}`;
  }

  /** Resolves when all is written. */
  async write(pipe: Pipe, chunk: Uint8Array): Promise<void> {
    let opening = this.#files.get(pipe);
    if (!opening) this.#files.set(pipe, opening = this.#open(pipe));
    const file = await opening;
    for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
  }

  /** Closes the files. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.then((it) => it.close(), () => {});
  }

  async #open(pipe: Pipe): Promise<Deno.FsFile> {
    await Deno.mkdir(this.#directory, { recursive: true });
    return await Deno.open(`${this.#directory}/${pipe}.log`, { create: true, append: true });
  }
}
