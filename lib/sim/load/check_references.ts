import { nearest } from "../../options/nearest.ts";
import type { TomlPath } from "../../toml/document.ts";
import { type ReferencePart, splitKey } from "../values/references.ts";
import { kindOf, type Step } from "../step/mod.ts";
import { choices, didYouMean, listed } from "../values/choices.ts";
import type { Faults } from "./faults.ts";
import type { Nodes } from "./nodes.ts";
import { addFault } from "./step_fault.ts";
import type { TypedStep } from "./typed.ts";

/** Everything that steps may refer to. */
export interface Known {
  nodes: Nodes;
  /** The names of binaries. */
  binaries: ReadonlySet<string>;
  /** The ids of the steps that a step of a counted device stands for, by its own id. */
  ids: ReadonlyMap<string, readonly string[]>;
}

/** A step with its place. */
interface Located {
  step: Step;
  /** The names of the values that it captures. */
  captures: readonly string[];
  /** Its index among the steps. */
  at: number;
  where: string;
}

/** Checks the ids of steps, and that everything that they refer to exists, and in time. */
export function checkReferences(
  steps: readonly TypedStep[],
  known: Known,
  faults: Faults,
): void {
  const byId = new Map<string, Located>();
  for (const [at, { step, source, captures }] of steps.entries()) {
    const where = source.written.where(source.written.value.id === undefined ? [] : ["id"]);
    const first = byId.get(step.id);
    const wrong = first
      ? `the id "${step.id}" is taken by the step at ${first.where}`
      : idFault(step.id);
    if (wrong) faults.add(where, wrong);
    if (!first) byId.set(step.id, { step, captures, at, where });
  }
  for (const [at, typed] of steps.entries()) {
    new ReferenceCheck(at, typed, byId, known, faults).check();
  }
}

const RESERVED = ["binary", "matrix", "group"];

function idFault(id: string): string | undefined {
  if (RESERVED.includes(id)) return `"id" is "${id}", which has another meaning in \${...}`;
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id) && !id.includes("..")) return;
  return `"id" is ${
    JSON.stringify(id)
  }, but must consist of letters, digits, "_", "-" and ".", as it names ` +
    "files";
}

/** Checks the references of one step. */
class ReferenceCheck {
  readonly #at: number;
  readonly #typed: TypedStep;
  readonly #byId: ReadonlyMap<string, Located>;
  readonly #known: Known;
  readonly #faults: Faults;

  constructor(
    at: number,
    typed: TypedStep,
    byId: ReadonlyMap<string, Located>,
    known: Known,
    faults: Faults,
  ) {
    this.#at = at;
    this.#typed = typed;
    this.#byId = byId;
    this.#known = known;
    this.#faults = faults;
  }

  check(): void {
    for (const reference of this.#typed.references) {
      const { kind, path } = reference;
      if (kind === "part") this.#part(reference.part, path);
      else if (kind === "target") this.#target(reference.id);
      else this.#capture(reference.key, reference.key, path, reference.mustPrecede);
    }
  }

  #fault(path: TomlPath, message: string): void {
    addFault(this.#faults, this.#typed.source, path, message);
  }

  #part(part: ReferencePart, path: TomlPath): void {
    const { nodes, binaries } = this.#known;
    switch (part.kind) {
      case "capture":
        return this.#capture(part.key, part.text, path, true);
      case "binary":
        if (binaries.has(part.name)) return;
        return this.#fault(
          path,
          `"${part.text}": there is no [[binary]] "${part.name}"` +
            (binaries.size > 0
              ? choices(part.name, binaries, "There are")
              : "; declare it, or give it by --binary"),
        );
      case "address":
        if (nodes.variables.has(part.variable)) return;
        return this.#fault(
          path,
          `"${part.text}": the topology has no such node` +
            choices(part.variable, nodes.variables, "It has"),
        );
    }
  }

  /** @param mustPrecede Whether the step that captures it must come before this one. */
  #capture(key: string, written: string, path: TomlPath, mustPrecede: boolean): void {
    const refuse = (why: string) => this.#fault(path, `"${written}": ${why}`);
    const split = splitKey(key);
    if (!split) return refuse('a capture is written "id.name"');
    if (split.id === "matrix") return refuse("the matrix has no such key");
    if (split.id === "group") return refuse("only steps of a step group have it");
    const found = this.#byId.get(split.id);
    if (!found) {
      const ids = this.#known.ids.get(split.id);
      return refuse(
        ids
          ? `"${split.id}" stands for several steps: ${listed(ids)}; name one of them`
          : `there is no step "${split.id}"${didYouMean(nearest(split.id, this.#byId.keys()))}`,
      );
    }
    const names = found.captures;
    if (!names.includes(split.name)) {
      return refuse(
        `the step "${split.id}" at ${found.where} does not capture "${split.name}"` +
          choices(split.name, names, "It captures"),
      );
    }
    if (!mustPrecede) return;
    if (found.at >= this.#at) {
      const self = found.at === this.#at ? "is this one" : `at ${found.where} comes later`;
      return refuse(`the step "${split.id}" ${self}, so this step would wait forever`);
    }
    if (found.step.skipped && !this.#typed.step.skipped) {
      refuse(
        `the step "${split.id}" at ${found.where} is skipped, as its "when" is "false"; give this one ` +
          "the same",
      );
    }
  }

  #target(target: string): void {
    const refuse = (why: string) => this.#fault(["id"], `"id" is "${target}", ${why}`);
    const found = this.#byId.get(target);
    const waitable = [...this.#byId.values()]
      .filter(({ step, at }) => kindOf(step.action).isWaitable && at < this.#at)
      .map(({ step }) => step.id);
    if (!found || kindOf(found.step.action).hasTargetId) {
      refuse(
        `but there is no such step` + choices(target, waitable, "It may be"),
      );
    } else if (!kindOf(found.step.action).isWaitable) {
      refuse(`which is a "${found.step.action}"; only a "spawn" or "capture" can be waited for`);
    } else if (found.at > this.#at) {
      refuse(`but the step at ${found.where} comes later, so this step would wait forever`);
    } else if (found.step.skipped && !this.#typed.step.skipped) {
      refuse(`but that step is skipped, as its "when" is "false"; give this one the same`);
    }
  }
}
