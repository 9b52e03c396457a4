import { nearest } from "../../options/nearest.ts";
import { pathText } from "../../options/parse_options.ts";
import type { TomlPath } from "../../toml/document.ts";
import type { StepReader } from "../step/kind.ts";
import { choices, didYouMean, listed } from "../values/choices.ts";
import { parseTemplate, type ReferencePart, splitKey } from "../values/references.ts";
import type { SingleStep, SingleSteps } from "./counted.ts";
import type { Faults } from "./faults.ts";
import type { Nodes } from "./nodes.ts";
import { addFault } from "./step_fault.ts";

/** A reference of a step, which is checked when all steps are known. */
export type Reference =
  & { path: TomlPath }
  & (
    | { kind: "part"; part: ReferencePart }
    /** `mustPrecede`: whether the step that captures it must come before this one. */
    | { kind: "capture"; key: string; mustPrecede: boolean }
    | { kind: "target"; id: string }
  );

/** Checks the names in a step against the topology, and collects its references. */
export class SimulationStepReader implements StepReader {
  readonly references: Reference[] = [];
  readonly #source: SingleStep;
  readonly #id: string;
  readonly #ids: SingleSteps["ids"];
  readonly #nodes: Nodes;
  readonly #faults: Faults;

  /** @param id The id of the step. */
  constructor(
    source: SingleStep,
    id: string,
    { ids, nodes, faults }: { ids: SingleSteps["ids"]; nodes: Nodes; faults: Faults },
  ) {
    this.#source = source;
    this.#id = id;
    this.#ids = ids;
    this.#nodes = nodes;
    this.#faults = faults;
  }

  fault(path: TomlPath, message: string): void {
    addFault(this.#faults, this.#source, path, message);
  }

  node(name: string, path: TomlPath): string {
    const { devices, routers, vms } = this.#nodes;
    return this.#name(name, path, "node", [...devices.keys(), ...routers, ...vms]);
  }

  device(name: string, path: TomlPath = ["device"]): string {
    return this.#name(name, path, "device", [...this.#nodes.devices.keys()]);
  }

  deviceOrRouter(name: string, path: TomlPath = ["device"]): string {
    const { devices, routers } = this.#nodes;
    return this.#name(name, path, "device or router", [...devices.keys(), ...routers]);
  }

  router(name: string, path: TomlPath = ["router"]): string {
    return this.#name(name, path, "router", [...this.#nodes.routers]);
  }

  bridge(name: string, path: TomlPath = ["bridge"]): string {
    const { bridges, routers } = this.#nodes;
    return this.#name(name, path, "router or bridge", [...bridges, ...routers]);
  }

  member(name: string, path: TomlPath): string {
    const { devices, vms, routers } = this.#nodes;
    return this.#name(name, path, "node", [...devices.keys(), ...vms, ...routers]);
  }

  region(name: string, path: TomlPath): string {
    return this.#name(name, path, "region", [...this.#nodes.regions]);
  }

  interface<Name extends string | undefined>(
    name: Name,
    device: string,
    path: TomlPath = ["interface"],
  ): Name {
    // A router's interfaces are known when the lab is built.
    const interfaces = this.#nodes.devices.get(device);
    if (interfaces && name !== undefined && !interfaces.includes(name)) {
      this.fault(
        path,
        `"${pathText(path)}" is ${JSON.stringify(name)}, but "${device}" has no such interface` +
          choices(name, interfaces, "It has"),
      );
    }
    return name;
  }

  template(text: string, path: TomlPath): string {
    for (const part of parseTemplate(text)) {
      if (part.kind !== "literal") this.references.push({ kind: "part", part, path });
    }
    return text;
  }

  captures(written: string, path: TomlPath): string[] {
    const key = this.#ownKey(written);
    const split = splitKey(key);
    const keys = this.#ids.get(split?.id ?? "")?.map((id) => `${id}.${split!.name}`) ?? [key];
    for (const key of keys) {
      this.references.push({ kind: "capture", key, mustPrecede: true, path });
    }
    return keys;
  }

  result(written: string, path: TomlPath): string {
    const key = this.#resultKey(this.#ownKey(written), path);
    this.references.push({ kind: "capture", key, mustPrecede: false, path });
    return key;
  }

  target(id: string): string {
    this.references.push({ kind: "target", id, path: ["id"] });
    return id;
  }

  /** Completes `.size`, a capture of the step itself. */
  #ownKey(key: string): string {
    return key.startsWith(".") ? `${this.#id}${key}` : key;
  }

  #resultKey(key: string, path: TomlPath): string {
    const split = splitKey(key);
    const ids = this.#ids.get(split?.id ?? "");
    if (!ids) return key;
    const id = ids[this.#source.index ?? Infinity];
    if (id !== undefined) return `${id}.${split!.name}`;
    this.fault(path, `"${key}" stands for several steps: ${listed(ids)}; name one of them`);
    return key;
  }

  #name(name: string, path: TomlPath, kind: string, names: readonly string[]): string {
    if (names.includes(name)) return name;
    const counted = this.#nodes.counted.get(name);
    // A step may name all devices of a count together.
    const usable = path[0] === "device" ? [...this.#nodes.counted.keys(), ...names] : names;
    this.fault(
      path,
      `"${pathText(path)}" is ${JSON.stringify(name)}, ` +
        (counted
          ? `which stands for several: ${listed(counted)}; name one of them`
          : `but the topology has no such ${kind}` +
            didYouMean(nearest(name, usable), `It has: ${listed(names)}`)),
    );
    return name;
  }
}
