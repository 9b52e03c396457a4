import { nearest } from "../../options/nearest.ts";
import { pathText } from "../../options/parse_options.ts";
import type { TomlPath } from "../../toml/document.ts";
import type { Step } from "../types/types.ts";
import { choices, didYouMean, type Faults, listed } from "./faults.ts";
import type { Nodes } from "./nodes.ts";
import { addFault } from "./step_fault.ts";
import type { TypedStep } from "./typed.ts";

/** Checks that what the steps name is in the topology. */
export function checkNames(steps: readonly TypedStep[], nodes: Nodes, faults: Faults): void {
  for (const { step, source } of steps) {
    new NameCheck(nodes, (path, message) => addFault(faults, source, path, message)).check(
      step,
      source.written.value.device,
    );
  }
}

/** Checks one step. */
class NameCheck {
  readonly #nodes: Nodes;
  readonly #fault: (path: TomlPath, message: string) => void;

  constructor(nodes: Nodes, fault: (path: TomlPath, message: string) => void) {
    this.#nodes = nodes;
    this.#fault = fault;
  }

  /** @param written The device as it was written, which not every step keeps. */
  check(step: Step, written: unknown): void {
    const { devices, routers, bridges, vms, regions } = this.#nodes;
    const deviceNames = [...devices.keys()];
    switch (step.action) {
      case "run":
      case "spawn":
        this.#one("device", step.device, "node", [...deviceNames, ...routers, ...vms]);
        break;
      case "gen-certs":
      case "gen-file":
        if (typeof written !== "string") break;
        this.#one("device", written, "node", [...deviceNames, ...routers, ...vms]);
        break;
      case "set-link-condition":
      case "link-down":
      case "link-up":
      case "replug":
        this.#one("device", step.device, "device", deviceNames);
        this.#interface("interface", step.device, step.interface);
        if (step.action === "replug") {
          this.#one("to", step.to, "router or bridge", [...routers, ...bridges]);
        }
        break;
      case "set-default-route":
        this.#one("device", step.device, "device", deviceNames);
        this.#interface("to", step.device, step.to);
        break;
      case "set-nat":
      case "flush-nat":
      case "set-nat-v6":
      case "renew-prefix":
      case "break-family":
      case "restore-family":
      case "set-firewall":
        this.#one("router", step.router, "router", routers);
        break;
      case "break-region":
      case "restore-region":
        step.regions.forEach((name, i) => this.#one(["regions", i], name, "region", regions));
        if (step.regions[0] === step.regions[1]) {
          this.#fault(["regions"], '"regions" must be two regions');
        }
        break;
      case "partition":
      case "heal": {
        this.#one("bridge", step.bridge, "router or bridge", [...bridges, ...routers]);
        const members = [...deviceNames, ...vms, ...routers];
        step.members?.forEach((name, i) => this.#one(["members", i], name, "node", members));
        if (step.from !== undefined) this.#one("from", step.from, "node", members);
        if (step.to !== undefined) this.#one("to", step.to, "node", members);
        break;
      }
      case "capture":
        if (step.device !== undefined) {
          this.#one("device", step.device, "device or router", [...deviceNames, ...routers]);
          this.#interface("interface", step.device, step.interface);
        }
        if (step.bridge !== undefined) {
          this.#one("bridge", step.bridge, "router or bridge", [...bridges, ...routers]);
        }
    }
  }

  #one(key: string | TomlPath, name: string, kind: string, names: Iterable<string>): void {
    const all = [...names];
    if (all.includes(name)) return;
    const path = typeof key === "string" ? [key] : key;
    const counted = this.#nodes.counted.get(name);
    // A step may name all devices of a count at once.
    const usable = path[0] === "device" ? [...this.#nodes.counted.keys(), ...all] : all;
    this.#fault(
      path,
      `"${pathText(path)}" is ${JSON.stringify(name)}, ` +
        (counted
          ? `which are several: ${listed(counted)}; name one of them`
          : `but the topology has no such ${kind}` +
            didYouMean(nearest(name, usable), `It has: ${listed(all)}`)),
    );
  }

  #interface(key: string, device: string, name: string | undefined): void {
    // Those of a router are made with the lab.
    const interfaces = this.#nodes.devices.get(device);
    if (!interfaces || name === undefined || interfaces.includes(name)) return;
    this.#fault(
      [key],
      `${JSON.stringify(key)} is ${JSON.stringify(name)}, but "${device}" has no such interface` +
        choices(name, interfaces, "It has"),
    );
  }
}
