import { EventFormatError, RunDirectoryError } from "./errors.ts";
import { parseEvent, parseState } from "./parse.ts";
import { reduceAll } from "./reduce.ts";
import type { LabState } from "./states/lab.ts";
import type { LabEvent } from "./types.ts";

/** The events and the state of a lab, as its run directory has them. */
export interface RunRecord {
  /** All events, in order. */
  events: LabEvent[];
  /** The content of `state.json`; where there is none yet, the state after all events. */
  state: LabState;
}

/**
 * Reads a run directory: a closed one, one that is being written, or one that a crash left behind. An
 * incomplete last line is ignored.
 *
 * @param directory the directory of the run, which has `events.jsonl`
 * @throws {RunDirectoryError} a file cannot be read
 * @throws {EventFormatError} a file has other content; the message names the file and line
 *
 * @example
 * ```ts
 * import { EventBus, readRun, RunDirectory } from "@netyard/netyard";
 *
 * using bus = new EventBus();
 * bus.emit({ kind: "lab-created", label: "hello" });
 * const run = await RunDirectory.create(await Deno.makeTempDir());
 * run.attach(bus);
 * await run.close();
 *
 * const { events, state } = await readRun(run.path);
 * console.log(state.label, events.length);
 * ```
 */
export async function readRun(directory: string): Promise<RunRecord> {
  // The state first: it must not be newer than the events that are read.
  const statePath = `${directory}/state.json`;
  const stateText = await text(statePath).catch((error: RunDirectoryError) => {
    if (error.cause instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  const eventsPath = `${directory}/events.jsonl`;
  const lines = (await text(eventsPath)).split("\n").slice(0, -1);
  const events = lines.map((line, i) => {
    const where = `${eventsPath}:${i + 1}`;
    return parseEvent(json(line, where), where);
  });
  const state = stateText === undefined
    ? reduceAll(events)
    : parseState(json(stateText, statePath), statePath);
  return { events, state };
}

async function text(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new RunDirectoryError(`cannot read ${path}: ${(cause as Error).message}`, path, {
      cause,
    });
  }
}

function json(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EventFormatError(`${where}: not JSON: ${(cause as Error).message}`, { cause });
  }
}
