import type { z } from "zod";
import { checkToml } from "../../toml/check.ts";
import { sharedFileSchema, simulationFileSchema } from "../schema/file.ts";
import type { BinarySpec, PrepareSpec } from "../types/types.ts";
import { binarySpec, prepareSpec } from "./binaries.ts";
import { checkDraft } from "./drafts.ts";
import { Faults } from "./faults.ts";
import { type SimFile, Written } from "./written.ts";

/** The declarations for steps: those of the simulation, and those of the files that it extends. */
export interface Declarations {
  binaries: Map<string, BinarySpec>;
  prepare: PrepareSpec[];
  templates: Map<string, Written>;
  groups: Map<string, StepGroup>;
}

/** `[[step-group]]` */
export interface StepGroup {
  name: string;
  /** The table in the file. */
  written: Written;
  steps: Written[];
}

/**
 * Collects the declarations of files; later files win. The last file is the simulation.
 *
 * @throws {TomlError} If a file has a fault, or declares a name twice.
 */
export function declarationsOf(files: readonly SimFile[]): Declarations {
  const all: Declarations = {
    binaries: new Map(),
    prepare: [],
    templates: new Map(),
    groups: new Map(),
  };
  const faults = new Faults();
  for (const [i, file] of files.entries()) {
    const isSimulation = i === files.length - 1;
    const tables = faults.try(() =>
      isSimulation
        ? checkToml(simulationFileSchema, file.document)
        : checkToml(sharedFileSchema, file.document)
    );
    if (tables) take(file, tables, all, faults);
  }
  for (const [name, group] of all.groups) {
    const template = all.templates.get(name);
    if (!template) continue;
    faults.add(
      group.written.where(["name"]),
      `"${name}" is both a step group and a step template, which is at ${
        template.where(["name"])
      }; ` +
        "rename one of them",
    );
  }
  for (const [name, template] of all.templates) checkDraft(template, `template "${name}"`, faults);
  for (const [name, { steps }] of all.groups) {
    for (const step of steps) checkDraft(step, `group "${name}"`, faults, all.groups);
  }
  faults.throwIfAny();
  return all;
}

type Tables = z.output<typeof simulationFileSchema>;

function take(file: SimFile, tables: Tables, all: Declarations, faults: Faults): void {
  const written = (table: string, i: number) => Written.at(file, [table, i]);
  const named = <T>(
    table: string,
    names: readonly string[],
    into: Map<string, T>,
    make: (i: number) => T,
  ) => {
    for (const [i, name] of names.entries()) {
      if (name === "") continue; // refused above
      const first = names.indexOf(name);
      if (first < i) {
        faults.add(
          file.document.where([table, i, "name"]),
          `there is a [[${table}]] "${name}" already, at ${
            file.document.where([table, first, "name"])
          }`,
        );
        continue;
      }
      const made = faults.try(() => make(i));
      if (made !== undefined) into.set(name, made);
    }
  };
  const binaries = tables.binary ?? [];
  named(
    "binary",
    binaries.map(({ name }) => name),
    all.binaries,
    (i) => binarySpec(binaries[i], written("binary", i)),
  );
  const templates = (tables["step-template"] ?? []).flatMap((template, i) => {
    if (typeof template.name === "string" && template.name !== "") return [template.name];
    faults.add(file.document.where(["step-template", i]), 'a [[step-template]] needs a "name"');
    return [""];
  });
  named("step-template", templates, all.templates, (i) => written("step-template", i));
  const groups = tables["step-group"] ?? [];
  named("step-group", groups.map(({ name }) => name), all.groups, (i) => ({
    name: groups[i].name,
    written: written("step-group", i),
    steps: groups[i].step.map((_, k) => Written.at(file, ["step-group", i, "step", k])),
  }));
  for (const [i, each] of (tables.prepare ?? []).entries()) {
    all.prepare.push(prepareSpec(each, written("prepare", i)));
  }
}
