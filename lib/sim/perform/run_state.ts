import type { Lab } from "../../lab/lab.ts";
import { Captures } from "../values/captures.ts";
import type { GuestFiles } from "./guest_files.ts";
import type { Program } from "./program.ts";
import type { Recording } from "./recording.ts";
import type { RunContext, Simulation } from "../types/types.ts";

/** What the steps of a simulation that runs share. */
export class RunState {
  readonly simulation: Simulation;
  readonly context: RunContext;
  readonly lab: Lab;
  readonly guestFiles: GuestFiles;
  readonly captures: Captures;
  /** The programs that were started, by step. */
  readonly programs: Map<string, Program> = new Map();
  /** The captures of packets that were started, by step. */
  readonly recordings: Map<string, Recording> = new Map();
  /** The files that steps have written, by capture: a guest gets a copy. */
  readonly files: Map<string, string> = new Map();
  readonly warnings: string[] = [];

  /** `lab` is the simulation's, and runs. */
  constructor(simulation: Simulation, context: RunContext, lab: Lab, guestFiles: GuestFiles) {
    this.simulation = simulation;
    this.context = context;
    this.lab = lab;
    this.guestFiles = guestFiles;
    this.captures = new Captures(simulation.steps);
  }
}
