import { posix } from "node:path";
import type { Vm } from "../../lab/vm.ts";
import type { Lab } from "../../lab/lab.ts";
import { Captures } from "../values/captures.ts";
import type { Program } from "./program.ts";
import type { PacketCapture } from "./packet_capture.ts";
import type { RunContext, Simulation } from "../types/types.ts";

/** What the steps of a running simulation share. */
export class RunState {
  readonly simulation: Simulation;
  readonly context: RunContext;
  readonly lab: Lab;
  readonly guestFiles = new GuestFiles();
  readonly captures: Captures;
  /** The programs that were started, by step id. */
  readonly programs: Map<string, Program> = new Map();
  /** The packet captures that were started, by step id. */
  readonly packetCaptures: Map<string, PacketCapture> = new Map();
  /** The files that steps have written, by capture; guests get copies. */
  readonly files: Map<string, string> = new Map();
  readonly warnings: string[] = [];

  /** `lab` is the simulation's lab, and runs. */
  constructor(simulation: Simulation, context: RunContext, lab: Lab) {
    this.simulation = simulation;
    this.context = context;
    this.lab = lab;
    this.captures = new Captures(simulation.steps);
  }
}

/** The directory in guests for the files of a simulation. */
const DIRECTORY = "/run/netyard";

/** Copies of the host's files in guests. */
export class GuestFiles {
  #copies = new Map<string, Promise<string>>();

  /**
   * Returns the path of a file in a guest; copies it there the first time.
   *
   * @param name The path in the guest, relative to the directory of the simulation: `bin/transfer`.
   */
  path(vm: Vm, hostPath: string, name: string): Promise<string> {
    const key = JSON.stringify([vm.name, hostPath, name]);
    let copy = this.#copies.get(key);
    if (!copy) this.#copies.set(key, copy = push(vm, hostPath, posix.join(DIRECTORY, name)));
    return copy;
  }
}

async function push(vm: Vm, hostPath: string, guestPath: string): Promise<string> {
  (await vm.run(["mkdir", "-p", posix.dirname(guestPath)])).assertOk();
  await vm.pushFile(hostPath, guestPath);
  return guestPath;
}
