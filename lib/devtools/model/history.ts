import { apply } from "../../events/apply.ts";
import { copyState, initialState } from "../../events/reduce.ts";
import type { LabState } from "../../events/states/lab.ts";
import type { EventLog, LogEntry } from "./event_log.ts";
import { isKnownKind } from "./event_log.ts";

/** Events between two kept states: replaying so many takes a few milliseconds. */
const STEP = 1_000;

/** A state, and the number of entries that it is the result of. */
interface Checkpoint {
  count: number;
  state: LabState;
}

/**
 * The state of the lab after any of its events. States are kept every 1,000 events; one between them is
 * the kept state before it and the events since. An event that does not fit is left out, and becomes a
 * problem of its entry.
 */
export class StateHistory {
  readonly #log: EventLog;
  readonly #checkpoints: Checkpoint[] = [{ count: 0, state: initialState() }];
  readonly #draft: LabState = initialState();
  #done = 0;
  #last: Checkpoint = { count: 0, state: this.#checkpoints[0].state };

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Follows the log to its end, or as far as `until` (a time of `performance.now()`) allows. */
  follow(until = Infinity): boolean {
    const { entries } = this.#log;
    while (this.#done < entries.length) {
      const problem = applyLeniently(this.#draft, entries[this.#done]);
      const entry = entries[this.#done];
      if (problem !== undefined && entry.problem === undefined) {
        entry.problem = problem;
        this.#log.damaged.push(entry);
      }
      this.#done++;
      if (this.#done % STEP > 0) continue;
      this.#checkpoints.push({ count: this.#done, state: copyState(this.#draft) });
      if (performance.now() > until) return false;
    }
    return true;
  }

  /** The state after the first `count` entries of the log. */
  after(count: number): LabState {
    this.follow();
    count = Math.max(0, Math.min(count, this.#done));
    if (this.#last.count === count) return this.#last.state;
    const kept = this.#checkpoints[Math.floor(count / STEP)];
    // The state that was asked for last is often nearer, as a slider moves.
    const near = this.#last.count < count && this.#last.count > kept.count ? this.#last : kept;
    const state = copyState(near.state);
    for (let i = near.count; i < count; i++) applyLeniently(state, this.#log.entries[i]);
    this.#last = { count, state };
    return state;
  }
}

/** Applies an event, and returns why it does not fit; a gap before it is named, and stepped over. */
function applyLeniently(draft: LabState, { event }: LogEntry): string | undefined {
  if (!event || !isKnownKind(event.kind)) return undefined;
  const missing = event.seq - draft.lastSeq - 1;
  const gap = missing === 0
    ? undefined
    : missing > 0
    ? `${missing === 1 ? "an event is" : `${missing} events are`} missing before it`
    : "it repeats the number of an earlier event";
  draft.lastSeq = event.seq - 1;
  try {
    apply(draft, event);
    return gap;
  } catch (error) {
    draft.lastSeq = event.seq;
    return [gap, error instanceof Error ? error.message : String(error)].filter(Boolean).join("; ");
  }
}
