import { milliseconds } from "../../options/duration.ts";
import { checkOptions } from "../../options/parse_options.ts";
import { type StepBase, withoutUndefined } from "../step/kind.ts";
import { kindOf, type Step } from "../step/mod.ts";
import { originOf } from "./binaries.ts";
import type { SingleStep, SingleSteps } from "./counted.ts";
import type { Faults } from "./faults.ts";
import type { Nodes } from "./nodes.ts";
import { type Reference, SimulationStepReader } from "./step_reader.ts";

/** A step with its references. */
export interface TypedStep {
  step: Step;
  source: SingleStep;
  /** The names of the values that it captures. */
  captures: string[];
  references: Reference[];
}

/** Converts the tables of steps to steps; checks the names in them against the topology. */
export function typedSteps(
  { steps, ids }: SingleSteps,
  nodes: Nodes,
  faults: Faults,
): TypedStep[] {
  return steps.flatMap((source, i) => {
    const { use: _, ...table } = source.written.value;
    const kind = kindOf(source.action);
    const checked = checkOptions(kind.schema, table, "key");
    // The faults are recorded already, before a step of a count became several.
    if ("faults" in checked) return [];
    const data = checked.data as CommonTable;
    const ownName = `step-${i + 1}`;
    const id = kind.hasTargetId ? ownName : data.id ?? ownName;
    const reader = new SimulationStepReader(source, id, { ids, nodes, faults });
    const base: StepBase = {
      id,
      requires: (data.requires ?? []).flatMap((key, i) => reader.captures(key, ["requires", i])),
      timeoutMs: data.timeout === undefined ? undefined : milliseconds(data.timeout),
      skipped: data.when === "false",
      origin: originOf(source.written),
    };
    const fields = kind.toStep(data, reader);
    return [{
      step: withoutUndefined({ ...base, action: source.action, ...fields }) as Step,
      source,
      captures: kind.captures?.(data) ?? [],
      references: reader.references,
    }];
  });
}

/** The keys that every step may have. */
interface CommonTable extends Record<string, unknown> {
  id?: string;
  requires?: string[];
  when?: string;
  timeout?: number | string;
}
