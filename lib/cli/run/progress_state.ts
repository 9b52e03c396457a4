import type { RecordStatus, RunEvent } from "../../sim/types/run_types.ts";

/** A simulation that runs now. */
export interface Running {
  name: string;
  /** On the clock of whoever asks, in milliseconds. */
  startedAt: number;
  /** From 1; 0 while its lab is made. */
  step: number;
  steps: number;
  /** Such as `run ping-check in sender`. */
  doing: string;
}

/** How far a run is. */
export interface ProgressState {
  startedAt: number;
  total: number;
  /** By the number of the simulation, in the order in which they were started. */
  running: ReadonlyMap<number, Running>;
  /** How many simulations ended how. */
  ended: Readonly<Partial<Record<RecordStatus, number>>>;
  /** Whether it was asked to end early. */
  ending: boolean;
}

/** That of a run that is about to start. */
export function newProgress(total: number, now: number): ProgressState {
  return { startedAt: now, total, running: new Map(), ended: {}, ending: false };
}

/** The state after an event. */
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
      return { ...state, running, ended: { ...state.ended, [status]: endedBy(state, status) + 1 } };
    }
    default:
      return state;
  }
}

/** How many simulations ended so. */
export function endedBy({ ended }: ProgressState, status: RecordStatus): number {
  return ended[status] ?? 0;
}
