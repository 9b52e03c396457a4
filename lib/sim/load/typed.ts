import { milliseconds } from "../../options/duration.ts";
import { checkOptions } from "../../options/parse_options.ts";
import type { TomlPath } from "../../toml/document.ts";
import { type Action, type CheckedStep, stepSchemas } from "../schema/steps.ts";
import { splitKey } from "../values/references.ts";
import type { Check, ResultsSpec, Step } from "../types/types.ts";
import { originOf } from "./binaries.ts";
import { captureSpecs } from "./captures.ts";
import { CheckError, parseCheck } from "./checks.ts";
import type { SingleStep, SingleSteps } from "./counted.ts";
import { type Faults, listed } from "./faults.ts";
import { addFault } from "./step_fault.ts";

const WAIT_FOR_MS = 300_000;

/** A step, and where what it refers to is written. */
export interface TypedStep {
  step: Step;
  source: SingleStep;
  /** Where each of its `requires` is written, in the order of the step. */
  requiresAt: TomlPath[];
  /** Where each of its checks is written. */
  checksAt: TomlPath[];
}

/** The steps as they are run. */
export function typedSteps({ steps, ids }: SingleSteps, faults: Faults): TypedStep[] {
  return steps.flatMap((source, i) => {
    const step = new Typing(source, `step-${i + 1}`, ids, faults).step();
    return step ? [step] : [];
  });
}

/** Makes one step of what was written. */
class Typing {
  readonly #source: SingleStep;
  readonly #ownName: string;
  readonly #ids: SingleSteps["ids"];
  readonly #faults: Faults;
  readonly #checksAt: TomlPath[] = [];
  readonly #requiresAt: TomlPath[] = [];

  constructor(source: SingleStep, ownName: string, ids: SingleSteps["ids"], faults: Faults) {
    this.#source = source;
    this.#ownName = ownName;
    this.#ids = ids;
    this.#faults = faults;
  }

  step(): TypedStep | undefined {
    const { action, written } = this.#source;
    const { use: _, ...value } = written.value;
    const checked = checkOptions(stepSchemas[action], value, "key");
    // Its faults are known already, from before it became one for each device.
    if ("faults" in checked) return;
    const step = this.#make(action, checked.data as never);
    return {
      step,
      source: this.#source,
      requiresAt: this.#requiresAt,
      checksAt: this.#checksAt,
    };
  }

  #fault(path: TomlPath, message: string): void {
    addFault(this.#faults, this.#source, path, message);
  }

  #base(data: CheckedStep<Action>) {
    const id = this.#source.action === "wait-for" ? this.#ownName : data.id ?? this.#ownName;
    return {
      id,
      requires: (data.requires ?? []).flatMap((key, i) => {
        const keys = this.#everyKey(this.#own(key, id));
        this.#requiresAt.push(...keys.map(() => ["requires", i]));
        return keys;
      }),
      ...data.timeout === undefined ? {} : { timeoutMs: milliseconds(data.timeout) },
      skipped: data.when === "false",
      origin: originOf(this.#source.written),
    };
  }

  /** `.size` is the capture of the step itself. */
  #own(key: string, id: string): string {
    return key.startsWith(".") ? `${id}${key}` : key;
  }

  /** A key of a step that became several: one of each of them. */
  #everyKey(key: string): string[] {
    const split = splitKey(key);
    return this.#ids.get(split?.id ?? "")?.map((id) => `${id}.${split!.name}`) ?? [key];
  }

  #make<A extends Action>(action: A, data: CheckedStep<A>): Step;
  #make(_: Action, data: CheckedStep<Action>): Step {
    const base = this.#base(data);
    switch (data.action) {
      case undefined:
      case "run":
        return { ...base, action: "run", ...this.#process(data, base.id) };
      case "spawn":
        return {
          ...base,
          action: "spawn",
          ...this.#process(data, base.id),
          ...data.ready_after === undefined ? {} : { readyAfterMs: milliseconds(data.ready_after) },
        };
      case "wait-for":
        return { timeoutMs: WAIT_FOR_MS, ...base, action: data.action, target: data.id };
      case "wait":
        return { ...base, action: data.action, durationMs: milliseconds(data.duration) };
      case "set-link-condition":
      case "set-impair": {
        const { device, condition, impair, direction } = data;
        return {
          ...base,
          action: "set-link-condition",
          device,
          ...optional("interface", data.interface),
          condition: condition ?? impair ?? null,
          ...optional("direction", direction),
        };
      }
      case "link-down":
      case "link-up":
        return {
          ...base,
          action: data.action,
          device: data.device,
          ...optional("interface", data.interface),
        };
      case "set-default-route":
      case "switch-route":
        return { ...base, action: "set-default-route", device: data.device, to: data.to };
      case "replug":
        return {
          ...base,
          action: data.action,
          device: data.device,
          ...optional("interface", data.interface),
          to: data.to,
        };
      case "set-nat":
        return { ...base, action: data.action, router: data.router, nat: data.nat };
      case "flush-nat":
      case "renew-prefix":
        return { ...base, action: data.action, router: data.router };
      case "set-nat-v6":
        return { ...base, action: data.action, router: data.router, natV6: data.nat_v6 };
      case "break-family":
      case "restore-family":
        return { ...base, action: data.action, router: data.router, family: data.family };
      case "set-firewall":
        return { ...base, action: data.action, router: data.router, firewall: data.firewall };
      case "break-region":
      case "restore-region":
        return { ...base, action: data.action, regions: data.regions };
      case "partition":
      case "heal":
        return {
          ...base,
          action: data.action,
          bridge: data.bridge,
          ...optional("members", data.members),
          ...optional("from", data.from),
          ...optional("to", data.to),
        };
      case "capture":
        return {
          ...base,
          action: data.action,
          ...optional("device", data.device),
          ...optional("bridge", data.bridge),
          ...optional("interface", data.interface),
          ...optional("filter", data.filter),
          ...data.duration === undefined ? {} : { durationMs: milliseconds(data.duration) },
        };
      case "gen-certs":
        return {
          ...base,
          action: data.action,
          ...optional("device", data.device),
          cn: data.cn ?? "netyard",
          ...optional("san", data.san),
        };
      case "gen-file":
        return { ...base, action: data.action, content: data.content };
      case "assert":
        return { ...base, action: data.action, checks: this.#checks(data) };
    }
  }

  #process(data: CheckedStep<"run"> | CheckedStep<"spawn">, id: string) {
    const { device, cmd, args = [], env = {}, parser = "text", captures = {}, results } = data;
    return {
      device,
      cmd: [...cmd, ...args],
      env,
      parser,
      captures: captureSpecs(captures, parser, (path, message) => this.#fault(path, message)),
      ...results ? { results: this.#results(results, id) } : {},
    };
  }

  #results(
    { duration, up_bytes, down_bytes, latency_ms }: NonNullable<CheckedStep<"run">["results"]>,
    id: string,
  ): ResultsSpec {
    const key = (name: string, written: string | undefined) =>
      written === undefined
        ? undefined
        : this.#resultKey(["results", name], this.#own(written, id));
    return {
      ...optional("duration", key("duration", duration)),
      ...optional("upBytes", key("up_bytes", up_bytes)),
      ...optional("downBytes", key("down_bytes", down_bytes)),
      ...optional("latencyMs", key("latency_ms", latency_ms)),
    };
  }

  /** A result of a step that became several is that of the one with the same number. */
  #resultKey(path: TomlPath, key: string): string {
    const split = splitKey(key);
    const ids = this.#ids.get(split?.id ?? "");
    if (!ids) return key;
    const id = ids[this.#source.index ?? Infinity];
    if (id !== undefined) return `${id}.${split!.name}`;
    this.#fault(path, `"${key}" is of several steps: ${listed(ids)}; name one of them`);
    return key;
  }

  #checks({ check, checks = [] }: CheckedStep<"assert">): Check[] {
    const all: [TomlPath, string][] = checks.map((text, i) => [["checks", i], text]);
    if (check !== undefined) all.unshift([["check"], check]);
    return all.flatMap(([path, text]) => {
      try {
        const parsed = parseCheck(text);
        const keys = this.#everyKey(parsed.key);
        this.#checksAt.push(...keys.map(() => path));
        return keys.map((key) => ({ ...parsed, key }));
      } catch (error) {
        if (!(error instanceof CheckError)) throw error;
        this.#fault(path, error.message);
        return [];
      }
    });
  }
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : { [key]: value } as { [P in K]?: T };
}
