import { nearest } from "../../options/nearest.ts";
import type { TomlPath } from "../../toml/document.ts";
import { parseTemplate, type ReferencePart, splitKey } from "../values/references.ts";
import type { ResultsSpec, Step } from "../types/types.ts";
import { choices, didYouMean, type Faults, listed } from "./faults.ts";
import type { Nodes } from "./nodes.ts";
import { addFault } from "./step_fault.ts";
import type { TypedStep } from "./typed.ts";

/** What steps may refer to. */
export interface Known {
  nodes: Nodes;
  /** The names of binaries. */
  binaries: ReadonlySet<string>;
  /** The ids that became of an id whose device is counted. */
  ids: ReadonlyMap<string, readonly string[]>;
}

/** Checks the steps' ids, and that what they refer to is there when they need it. */
export function checkReferences(
  steps: readonly TypedStep[],
  known: Known,
  faults: Faults,
): void {
  const byId = new Map<string, { step: Step; at: number; where: string }>();
  for (const [at, { step, source }] of steps.entries()) {
    const where = source.written.where(source.written.value.id === undefined ? [] : ["id"]);
    const first = byId.get(step.id);
    const wrong = first
      ? `the id "${step.id}" is taken by the step at ${first.where}`
      : idFault(step.id);
    if (wrong) faults.add(where, wrong);
    if (!first) byId.set(step.id, { step, at, where });
  }
  for (const [at, typed] of steps.entries()) {
    new ReferenceCheck(at, typed, byId, known, faults).check();
  }
}

const RESERVED = ["binary", "matrix", "group"];

function idFault(id: string): string | undefined {
  if (RESERVED.includes(id)) return `"id" is "${id}", which stands for other things in \${...}`;
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id) && !id.includes("..")) return;
  return `"id" is ${
    JSON.stringify(id)
  }, but must be of letters, digits, "_", "-" and ".", as it names ` +
    "files";
}

/** The names of what a step captures. */
export function capturesOf(step: Step): string[] {
  switch (step.action) {
    case "run":
    case "spawn":
      return Object.keys(step.captures);
    case "gen-certs":
      return ["cert_pem_path", "key_pem_path"];
    case "gen-file":
      return ["path"];
    case "capture":
      return ["path", "packets"];
    default:
      return [];
  }
}

const RESULT_KEYS: Record<keyof ResultsSpec, string> = {
  duration: "duration",
  upBytes: "up_bytes",
  downBytes: "down_bytes",
  latencyMs: "latency_ms",
};

/** Checks the references of one step. */
class ReferenceCheck {
  readonly #at: number;
  readonly #typed: TypedStep;
  readonly #byId: ReadonlyMap<string, { step: Step; at: number; where: string }>;
  readonly #known: Known;
  readonly #faults: Faults;

  constructor(
    at: number,
    typed: TypedStep,
    byId: ReadonlyMap<string, { step: Step; at: number; where: string }>,
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
    const { step, requiresAt, checksAt } = this.#typed;
    step.requires.forEach((key, i) => this.#capture(key, key, requiresAt[i], "before"));
    switch (step.action) {
      case "run":
      case "spawn": {
        const { args = [] } = this.#typed.source.written.value as { args?: string[] };
        const own = step.cmd.length - args.length;
        step.cmd.forEach((text, i) =>
          this.#template(text, i < own ? ["cmd", i] : ["args", i - own])
        );
        for (const [name, text] of Object.entries(step.env)) this.#template(text, ["env", name]);
        for (const [field, key] of Object.entries(step.results ?? {})) {
          const path = ["results", RESULT_KEYS[field as keyof ResultsSpec]];
          this.#capture(key, key, path, "ever");
        }
        break;
      }
      case "gen-file":
        this.#template(step.content, ["content"]);
        break;
      case "gen-certs":
        step.san?.forEach((text, i) => this.#template(text, ["san", i]));
        break;
      case "assert":
        step.checks.forEach(({ key, operand, operator }, i) => {
          this.#capture(key, key, checksAt[i], "before");
          if (operator !== "matches") this.#template(operand, checksAt[i]);
        });
        break;
      case "wait-for":
        this.#target(step.target);
    }
  }

  #fault(path: TomlPath, message: string): void {
    addFault(this.#faults, this.#typed.source, path, message);
  }

  #template(text: string, path: TomlPath): void {
    for (const part of parseTemplate(text)) {
      if (part.kind !== "literal") this.#reference(part, path);
    }
  }

  #reference(part: ReferencePart, path: TomlPath): void {
    const { nodes, binaries } = this.#known;
    switch (part.kind) {
      case "capture":
        return this.#capture(part.key, part.text, path, "before");
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

  /** @param when Whether it must be of a step that comes before. */
  #capture(key: string, written: string, path: TomlPath, when: "before" | "ever"): void {
    const refuse = (why: string) => this.#fault(path, `"${written}": ${why}`);
    const split = splitKey(key);
    if (!split) return refuse('a capture is written "id.name"');
    if (split.id === "matrix") return refuse("the matrix has no such key");
    if (split.id === "group") return refuse("only the steps of a step group know it");
    const found = this.#byId.get(split.id);
    if (!found) {
      const ids = this.#known.ids.get(split.id);
      return refuse(
        ids
          ? `"${split.id}" is several steps: ${listed(ids)}; name one of them`
          : `there is no step "${split.id}"${didYouMean(nearest(split.id, this.#byId.keys()))}`,
      );
    }
    const names = capturesOf(found.step);
    if (!names.includes(split.name)) {
      return refuse(
        `the step "${split.id}" at ${found.where} captures no "${split.name}"` +
          choices(split.name, names, "It captures"),
      );
    }
    if (when === "ever") return;
    if (found.at >= this.#at) {
      const self = found.at === this.#at ? "is this one" : `at ${found.where} comes later`;
      return refuse(`the step "${split.id}" ${self}, so that it would wait for ever`);
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
      .filter(({ step, at }) =>
        (step.action === "spawn" || step.action === "capture") && at < this.#at
      )
      .map(({ step }) => step.id);
    if (!found || found.step.action === "wait-for") {
      refuse(
        `but there is no such step` + choices(target, waitable, "It may be"),
      );
    } else if (found.step.action !== "spawn" && found.step.action !== "capture") {
      refuse(`which is a "${found.step.action}"; only a "spawn" or "capture" is waited for`);
    } else if (found.at > this.#at) {
      refuse(`but the step at ${found.where} comes later, so that it would wait for ever`);
    } else if (found.step.skipped && !this.#typed.step.skipped) {
      refuse(`but that step is skipped, as its "when" is "false"; give this one the same`);
    }
  }
}
