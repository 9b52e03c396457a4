import type { RecordStatus, RunEvent } from "../../sim/types/run_types.ts";

/** A running simulation. */
export interface Running {
  name: string;
  /** When it started, on the clock of the caller, in milliseconds. */
  startedAt: number;
  /** The current step, from 1; 0 while its lab is built. */
  step: number;
  steps: number;
  /** The current action, such as `run ping-check in sender`. */
  doing: string;
}

/** The progress of a run. */
export interface ProgressState {
  startedAt: number;
  total: number;
  /** By the index of the simulation, in the order in which they were started. */
  running: ReadonlyMap<number, Running>;
  /** The number of ended simulations, by status. */
  ended: Readonly<Partial<Record<RecordStatus, number>>>;
  /** Whether it is ending early. */
  ending: boolean;
}

/** The progress of a run before its start. */
export function newProgress(total: number, now: number): ProgressState {
  return { startedAt: now, total, running: new Map(), ended: {}, ending: false };
}

/** Returns the progress after an event. */
export function advance(state: ProgressState, event: RunEvent, now: number): ProgressState {
  switch (event.kind) {
    case "run-started":
      return { ...state, total: event.total };
    case "simulation-started": {
      const { name, steps } = event.simulation;
      const started = { name, startedAt: now, step: 0, steps: steps.length, doing: "" };
      return { ...state, running: new Map(state.running).set(event.index, started) };
    }
    case "progress": {
      const before = state.running.get(event.index);
      if (!before) return state;
      const running = new Map(state.running).set(event.index, { ...before, ...event.progress });
      return { ...state, running };
    }
    case "simulation-ended": {
      const running = new Map(state.running);
      running.delete(event.index);
      const { status } = event.outcome;
      const count = (state.ended[status] ?? 0) + 1;
      return { ...state, running, ended: { ...state.ended, [status]: count } };
    }
    default:
      return state;
  }
}
