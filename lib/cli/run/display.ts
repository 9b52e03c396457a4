import type { RunEvent } from "../../sim/types/run_types.ts";
import type { Output } from "../command/output.ts";
import {
  renderEnded,
  renderEndedPlain,
  renderPrinted,
  renderProgress,
  renderStillRunning,
} from "./progress.ts";
import { advance, newProgress, type ProgressState } from "./progress_state.ts";

/** What shows a run while it goes on. */
export interface ProgressDisplay extends Disposable {
  /** Takes note of what happened. */
  event(event: RunEvent): void;
  /** Says a line that stays. */
  note(text: string): void;
  /** From now on the run is ending early. */
  ending(): void;
}

/** How a run is shown. */
export interface DisplayOptions {
  output: Output;
  /** How many simulations there are. */
  total: number;
  colors: boolean;
  /** Whether each line that programs print is shown. */
  verbose: boolean;
}

const FRAME_MS = 100;
/** What a log is told at least every so often while nothing ends; CI ends jobs that say nothing. */
const STILL_MS = 30_000;

/** Lines for a log: one when a simulation starts, one when it ends. */
export function logDisplay(options: DisplayOptions): ProgressDisplay {
  const { output, total, colors, verbose } = options;
  let state = newProgress(total, performance.now());
  let done = 0;
  const still = setInterval(() => {
    if (state.running.size > 0) output.line(renderStillRunning(state, performance.now()));
  }, STILL_MS);
  Deno.unrefTimer(still);
  return {
    event(event) {
      state = advance(state, event, performance.now());
      switch (event.kind) {
        case "simulation-started":
          return output.line(`started ${event.simulation.name}`);
        case "simulation-ended":
          return output.line(renderEndedPlain(event.outcome, ++done, total));
        case "line":
          return verbose ? output.line(printed(event, total, colors)) : undefined;
      }
    },
    note: (text) => output.line(text),
    ending: () => state = { ...state, ending: true },
    [Symbol.dispose]: () => clearInterval(still),
  };
}

/**
 * Lines that are drawn anew all the time, below those that stay.
 *
 * The cursor is hidden meanwhile; it comes back also where the process exits in between.
 */
export async function terminalDisplay(options: DisplayOptions): Promise<ProgressDisplay> {
  const { createLogUpdate } = await import("log-update");
  const { output, total, colors, verbose } = options;
  const stream = {
    write: output.write,
    isTTY: true,
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
  };
  // It would hide the cursor itself, but then ends the process at the first Ctrl-C.
  const screen = createLogUpdate(stream as unknown as NodeJS.WritableStream, { showCursor: true });
  let state = newProgress(total, performance.now());
  let permanent: string[] = [];
  const keep = () => {
    if (permanent.length === 0) return;
    screen.clear();
    output.write(permanent.map((line) => `${line}\n`).join(""));
    permanent = [];
  };
  const draw = () => {
    keep();
    screen(frame(state, output, colors));
  };
  const showCursor = () => output.write("\x1b[?25h");
  output.write("\x1b[?25l");
  addEventListener("unload", showCursor);
  const timer = setInterval(draw, FRAME_MS);
  Deno.unrefTimer(timer);
  return {
    event(event) {
      state = advance(state, event, performance.now());
      if (event.kind === "simulation-ended") permanent.push(renderEnded(event.outcome, colors));
      if (event.kind === "line" && verbose) permanent.push(printed(event, total, colors));
    },
    note: (text) => {
      permanent.push(text);
      draw();
    },
    ending: () => state = { ...state, ending: true },
    [Symbol.dispose]() {
      clearInterval(timer);
      keep();
      screen.clear();
      removeEventListener("unload", showCursor);
      showCursor();
    },
  };
}

function frame(state: ProgressState, { columns, rows }: Output, colors: boolean): string {
  // The last line of the screen is where the cursor is.
  return renderProgress(state, { columns, rows: rows - 1, now: performance.now(), colors });
}

function printed(event: RunEvent & { kind: "line" }, total: number, colors: boolean): string {
  return renderPrinted(total > 1 ? event.simulation.name : undefined, event.line, colors);
}
