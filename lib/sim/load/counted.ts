import { type Action, kindOf } from "../step/mod.ts";
import type { Faults } from "./faults.ts";
import { needsIndex, replaceIndex } from "./index_expressions.ts";
import { type Nodes, several } from "./nodes.ts";
import type { ExpandedStep } from "./uses.ts";
import { mapStrings } from "./written.ts";

/** A step whose action is known, and whose fields fit the schema of the action. */
export interface KnownStep extends ExpandedStep {
  action: Action;
}

/** A step of one device. */
export interface SingleStep extends KnownStep {
  /** The number of the device among those of a count, from 0; undefined for a device without a count. */
  index?: number;
}

/** Steps that have one device each. */
export interface SingleSteps {
  steps: SingleStep[];
  /** The ids of the steps that a step of a counted device became, by its own id. */
  ids: ReadonlyMap<string, readonly string[]>;
}

const INDEXED = ["cmd", "args", "env", "content", "san"];

/**
 * Replaces each step of a counted device by one step for each of the devices; ids end in the number, as
 * the names of the devices do.
 */
export function expandCounted(
  known: readonly KnownStep[],
  nodes: Nodes,
  faults: Faults,
): SingleSteps {
  const ids = new Map<string, string[]>();
  const plain = new Set<unknown>();
  const started = known.map((step): SingleStep[] => {
    if (kindOf(step.action).hasTargetId) return [step];
    const { device, id } = step.written.value;
    const names = several(nodes, device);
    if (!names) {
      plain.add(id);
      const one = nodes.counted.has(String(device)) ? 0 : undefined;
      return [numbered(step, one, faults)];
    }
    if (id !== undefined) ids.set(String(id), names.map((_, i) => `${id}-${i}`));
    return names.map((name, i) =>
      numbered(
        renamed(step, { device: name, ...id === undefined ? {} : { id: `${id}-${i}` } }),
        i,
        faults,
      )
    );
  });
  const steps = started.flatMap((each): SingleStep[] => {
    const [step] = each;
    if (!step || !kindOf(step.action).hasTargetId) return each;
    const { id } = step.written.value;
    const targets = ids.get(String(id)) ??
      (plain.has(id) ? undefined : several(nodes, id)?.map((_, i) => `${id}-${i}`));
    return targets?.map((target, index) => ({ ...renamed(step, { id: target }), index })) ?? [step];
  });
  return { steps, ids };
}

function renamed(step: KnownStep, fields: Record<string, unknown>): KnownStep {
  return { ...step, written: step.written.withValue({ ...step.written.value, ...fields }) };
}

function numbered(step: KnownStep, index: number | undefined, faults: Faults): SingleStep {
  const { value } = step.written;
  const replaced: Record<string, unknown> = {};
  for (const key of INDEXED) {
    if (value[key] === undefined) continue;
    replaced[key] = mapStrings(value[key], (text, path) => {
      try {
        if (index !== undefined) return replaceIndex(text, index);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        faults.add(step.written.where([key, ...path]), error.message);
        return text;
      }
      if (needsIndex(text)) {
        faults.add(
          step.written.where([key, ...path]),
          `${
            JSON.stringify(text)
          } has the number of a counted device, "\${i}", but the step has no ` +
            'device with a "count"',
        );
      }
      return text;
    });
  }
  return { ...renamed(step, replaced), index };
}
