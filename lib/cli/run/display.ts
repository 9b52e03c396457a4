import type { RunEvent } from "../../sim/types/run_types.ts";
import type { Output } from "../command/output.ts";
import {
  renderEnded,
  renderEndedPlain,
  renderPrinted,
  renderProgress,
  renderRepeated,
  renderStillRunning,
} from "./progress.ts";
import { advance, newProgress, type ProgressState } from "./progress_state.ts";

/** Shows the progress of a run. */
export interface ProgressDisplay extends Disposable {
  /** Shows an event of the run. */
  event(event: RunEvent): void;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Shows from now on that the run is ending early. */
  ending(): void;
}

/** How a run is shown. */
export interface DisplayOptions {
  output: Output;
  /** The number of simulations. */
  total: number;
  colors: boolean;
  /** Whether each line that programs print is shown. */
  verbose: boolean;
}

const FRAME_MS = 100;
/** The longest silence of a log while simulations run; CI stops jobs that print nothing. */
const SILENCE_MS = 30_000;

/** Prints lines for a log: one when a simulation starts, one when it ends. */
export function logDisplay(options: DisplayOptions): ProgressDisplay {
  const { output, total, colors, verbose } = options;
  let state = newProgress(total, performance.now());
  let done = 0;
  const timer = setInterval(() => {
    if (state.running.size > 0) output.line(renderStillRunning(state, performance.now()));
  }, SILENCE_MS);
  Deno.unrefTimer(timer);
  return {
    event(event) {
      state = advance(state, event, performance.now());
      switch (event.kind) {
        case "simulation-started":
          return output.line(`started ${event.simulation.name}`);
        case "simulation-ended":
          return output.line(renderEndedPlain(event.outcome, ++done, total));
        case "simulation-repeated":
          return output.line(renderRepeated(event.outcome, event.attempt));
        case "line":
          return verbose ? output.line(printed(event, total, colors)) : undefined;
      }
    },
    note: (text) => output.line(text),
    ending: () => state = { ...state, ending: true },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[J";
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";

/**
 * Redraws the progress at the bottom of a terminal, below the lines that stay.
 *
 * The cursor is hidden until the display is disposed or the process exits.
 */
export function terminalDisplay(options: DisplayOptions): ProgressDisplay {
  const { output, total, colors, verbose } = options;
  let state = newProgress(total, performance.now());
  let permanent: string[] = [];
  let drawnLines = 0;
  /** Replaces the progress by the new lines that stay, with the progress below them. */
  const redraw = (progress: string[]) => {
    const up = drawnLines > 0 ? `\r\x1b[${drawnLines}A` : "";
    const stay = permanent.map((line) => `${line}\n`).join("");
    const live = progress.map((line) => `${line}\n`).join("");
    // Without wrapping, each line of the progress takes one line, also of a narrow terminal.
    output.write(`${up}${ERASE_BELOW}${stay}${WRAP_OFF}${live}${WRAP_ON}`);
    permanent = [];
    drawnLines = progress.length;
  };
  const draw = () => redraw(frame(state, output, colors));
  const showCursor = () => output.write(SHOW_CURSOR);
  output.write(HIDE_CURSOR);
  addEventListener("unload", showCursor);
  const timer = setInterval(draw, FRAME_MS);
  Deno.unrefTimer(timer);
  return {
    event(event) {
      state = advance(state, event, performance.now());
      if (event.kind === "simulation-ended") permanent.push(renderEnded(event.outcome, colors));
      if (event.kind === "simulation-repeated") {
        permanent.push(renderRepeated(event.outcome, event.attempt));
      }
      if (event.kind === "line" && verbose) permanent.push(printed(event, total, colors));
    },
    note(text) {
      permanent.push(text);
      draw();
    },
    ending: () => state = { ...state, ending: true },
    [Symbol.dispose]() {
      clearInterval(timer);
      redraw([]);
      removeEventListener("unload", showCursor);
      showCursor();
    },
  };
}

function frame(state: ProgressState, { columns, rows }: Output, colors: boolean): string[] {
  // The last line of the screen is for the cursor.
  const text = renderProgress(state, { columns, rows: rows - 1, now: performance.now(), colors });
  return text === "" ? [] : text.split("\n");
}

function printed(event: RunEvent & { kind: "line" }, total: number, colors: boolean): string {
  return renderPrinted(total > 1 ? event.simulation.name : undefined, event.line, colors);
}
