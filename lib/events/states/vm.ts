import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import defer * as part from "../schema_parts.ts";
import { deviceFields, type DeviceState } from "./device.ts";

/** The state of a virtual machine. */
export type VmStateName =
  | "defined"
  | "booting"
  | "running"
  | "paused"
  | "stopping"
  | "stopped"
  | "failed"
  | "removed";

/** A virtual machine, as plain JSON data. */
export interface VmMachineState extends DeviceState {
  /** The profile that it boots. */
  profile: string;
  /** Its memory, in bytes. */
  memoryBytes: number;
  /** The number of its processors. */
  cpus: number;
  /** Its state. */
  state: VmStateName;
}

// As a record, so that the compiler refuses a state that is missing here.
const VM_STATES: Record<VmStateName, true> = {
  defined: true,
  booting: true,
  running: true,
  paused: true,
  stopping: true,
  stopped: true,
  failed: true,
  removed: true,
};

/** The schema of {@linkcode VmStateName}. */
export const vmStateNameSchema = lazy(() => z.enum(Object.keys(VM_STATES) as VmStateName[]));

/** The schema of {@linkcode VmMachineState}. */
export const vmSchema = lazy(() =>
  part.object<VmMachineState>({
    ...deviceFields(),
    profile: part.text,
    memoryBytes: part.count,
    cpus: part.count,
    state: vmStateNameSchema(),
  })
);
