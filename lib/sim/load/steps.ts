import type { LabConfig } from "../../lab/config/types.ts";
import { checkOptions } from "../../options/parse_options.ts";
import { kindOf, type Step } from "../step/mod.ts";
import { actionOf } from "./actions.ts";
import { checkReferences } from "./check_references.ts";
import { expandCounted, type KnownStep } from "./counted.ts";
import type { Declarations } from "./declarations.ts";
import type { TomlPath } from "../../toml/document.ts";
import type { Faults } from "./faults.ts";
import { nodesOf } from "./nodes.ts";
import { addFault } from "./step_fault.ts";
import { typedSteps } from "./typed.ts";
import { type ExpandedStep, expandUses } from "./uses.ts";
import type { Written } from "./written.ts";

/** Everything that steps may refer to, except each other. */
export interface Surroundings {
  declarations: Declarations;
  /** The names of binaries that the caller gives. */
  overrides: readonly string[];
  /** Undefined if the simulation has no topology. */
  topology: LabConfig | undefined;
  /** The place of the table `[sim]`. */
  simAt: string;
}

/** Converts the tables of steps to steps that can run; adds all faults that can be known before. */
export function stepsOf(
  written: readonly Written[],
  { declarations, overrides, topology, simAt }: Surroundings,
  faults: Faults,
): Step[] {
  const expanded = expandUses(written, declarations, faults);
  const known = expanded.flatMap((step) => knownStep(step, faults));
  if (!topology && known.some(needsTopology)) {
    faults.add(
      simAt,
      'the simulation has no topology: give [sim] "topology", or tables [[router]] and [device.NAME]',
    );
    return [];
  }
  const nodes = nodesOf(topology ?? {});
  const single = expandCounted(known, nodes, faults);
  // References to a step that is missing because of a fault would only add further faults.
  const complete = faults.none;
  const typed = typedSteps(single, nodes, faults);
  if (complete) {
    const binaries = new Set([...declarations.binaries.keys(), ...overrides]);
    checkReferences(typed, { nodes, binaries, ids: single.ids }, faults);
  }
  return typed.map(({ step }) => step);
}

function needsTopology({ action, written }: KnownStep): boolean {
  return kindOf(action).needsTopology?.(written.value) ?? true;
}

function knownStep(expanded: ExpandedStep, faults: Faults): KnownStep[] {
  const { written } = expanded;
  const refuse = (path: TomlPath, message: string) => addFault(faults, expanded, path, message);
  const found = actionOf(written.value);
  if ("fault" in found) {
    refuse(found.fault.path, found.fault.message);
    return [];
  }
  const { action } = found;
  if (!action) {
    refuse([], 'the step has no "action", and no "cmd" or "use"');
    return [];
  }
  const checked = checkOptions(kindOf(action).schema, written.value, "key");
  if ("data" in checked) return [{ ...expanded, action }];
  for (const { path, message } of checked.faults) {
    refuse(path, `${action}: ${message}`);
  }
  return [];
}
