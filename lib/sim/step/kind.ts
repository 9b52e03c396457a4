import type { z } from "zod";
import type { TomlPath } from "../../toml/document.ts";
import { scalars, text, textOfScalar, texts, timeLimit } from "./fields.ts";

/** The place of something in a TOML file. */
export interface Origin {
  /** The file and the line: `sims/a.toml:12`. */
  where: string;
  /** The directory of the file, for relative paths in it. */
  directory: string;
}

/** What every step has. */
export interface StepBase {
  /** Unique in the simulation. A step without a written id is called `step-N`, N from 1. */
  id: string;
  /** Captures, as `id.name`, that the step waits for before it starts. */
  requires: string[];
  /** How long the step may take, waiting for captures included. Default: that of the action. */
  timeoutMs?: number;
  /** Whether `when` was `"false"`. */
  skipped: boolean;
  /** Where the step is written. */
  origin: Origin;
}

/** The keys that every step may have. */
export const common = {
  id: text("What other steps call this step: ${id.capture}.").optional(),
  requires: texts('The captures that it waits for before it starts, as "id.name".').optional(),
  when: textOfScalar.describe('"false": the step is skipped.').optional(),
  timeout: timeLimit("How long it may take.").optional(),
};

/** The keys of a step that stands for all steps of a group. */
export const groupUse = {
  use: text("The name of a step group, or of a step template."),
  vars: scalars("What ${group.KEY} stands for in the group.").optional(),
  when: textOfScalar.describe('"false": all of its steps are skipped.').optional(),
};

/** One action: what its table in a simulation file may contain, and what step it becomes. */
export interface StepKind<Schema extends z.core.$ZodObject = z.core.$ZodObject, Fields = object> {
  /** The keys of the table, with `action` and the {@link common} ones. */
  schema: Schema;
  /** The name of the action in older files. */
  olderName?: string;
  /**
   * Converts the table to the fields of the step beside those of {@link StepBase}. Passes each name
   * and each text with references through `reader`, which checks them.
   */
  toStep(data: z.output<Schema>, reader: StepReader): Fields;
  /** The names of the values that the step captures. Default: none. */
  captures?(data: z.output<Schema>): string[];
  /** Whether the step is an error in a simulation without topology. Default: yes. */
  needsTopology?(table: Readonly<Record<string, unknown>>): boolean;
  /** Whether the step continues in the background until a `wait-for`. */
  isWaitable?: boolean;
  /** Whether `id` in the table is the id of another step, not the step's own. */
  hasTargetId?: boolean;
}

/** Returns `kind`; infers its types. */
export function stepKind<Schema extends z.core.$ZodObject, Fields>(
  kind: StepKind<Schema, Fields>,
): StepKind<Schema, Fields> {
  return kind;
}

/**
 * Checks what one step names and refers to, against the simulation around it. All methods record a
 * fault at the given path of the table, and return the name or text that they were given. A path
 * may be left out where it is the key that the method is named after.
 */
export interface StepReader {
  /** Records a fault. */
  fault(path: TomlPath, message: string): void;
  /** Checks the name of a device, router or virtual machine. */
  node(name: string, path?: TomlPath): string;
  /** Checks the name of a device. */
  device(name: string, path?: TomlPath): string;
  /** Checks the name of a device or a router. */
  deviceOrRouter(name: string, path?: TomlPath): string;
  /** Checks the name of a router. */
  router(name: string, path?: TomlPath): string;
  /** Checks the name of a bridge, or of the router of a LAN. */
  bridge(name: string, path?: TomlPath): string;
  /** Checks the name of a member of a bridge. */
  member(name: string, path: TomlPath): string;
  /** Checks the name of a region. */
  region(name: string, path: TomlPath): string;
  /** Checks the name of an interface of a device. */
  interface<Name extends string | undefined>(name: Name, device: string, path?: TomlPath): Name;
  /** Checks the references in a text: `${id.capture}`, `${binary.NAME}`, `$NETYARD_IP_NODE`. */
  template(text: string, path: TomlPath): string;
  /**
   * Checks a capture that the step waits for.
   *
   * @returns Its key; several keys if it belongs to a step that runs once per device of a count.
   */
  captures(key: string, path: TomlPath): string[];
  /**
   * Checks a capture that goes into the report.
   *
   * @returns Its key; of a step that runs once per device of a count, the key of this device.
   */
  result(key: string, path: TomlPath): string;
  /** Checks the id of an earlier step that runs in the background. */
  target(id: string): string;
}

/** Returns the fields that are not undefined. */
export function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as T;
}
