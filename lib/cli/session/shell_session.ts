/** The code that `netyard shell` runs first in the prompt: it builds the lab and brings it into scope. */
import { NetyardError } from "../../../native/error.ts";
import { Lab } from "../../lab/lab.ts";
import { RegionLink } from "../../link/region_link.ts";
import { identifiersFor, type Named } from "./identifiers.ts";
import type { NamedTopology } from "./topology_file.ts";

/** Builds a lab, and defines it and its nodes as globals; exits the process if that fails. */
export async function begin({ title, config }: NamedTopology): Promise<void> {
  try {
    const lab = await Lab.fromConfig(config, { label: title });
    const scope: Record<string, unknown> = { lab, Lab, RegionLink };
    const nodes = nodesOf(lab);
    const words = identifiersFor(nodes, (word) => word in scope || word in globalThis);
    nodes.forEach(({ handle }, i) => scope[words[i]] = handle);
    Object.assign(globalThis, scope);
    console.log(greeting(lab, nodes.map((node, i) => ({ ...node, word: words[i] }))));
  } catch (error) {
    console.error(error instanceof NetyardError ? error.message : error);
    Deno.exit(1);
  }
}

interface LabNode extends Named {
  handle: object;
  ip?: string;
}

function nodesOf(lab: Lab): LabNode[] {
  return [
    ...lab.devices.map((handle) => ({ kind: "device", name: handle.name, ip: handle.ip, handle })),
    ...lab.vms.map((handle) => ({ kind: "vm", name: handle.name, ip: handle.ip, handle })),
    ...lab.routers.map((handle) => (
      { kind: "router", name: handle.name, ip: handle.uplinkIp, handle }
    )),
    ...lab.bridges.map((handle) => (
      { kind: "bridge", name: handle.name, ip: handle.gateway, handle }
    )),
    ...lab.regions.map((handle) => ({ kind: "region", name: handle.name, ip: handle.ip, handle })),
  ];
}

function greeting(lab: Lab, nodes: readonly (LabNode & { word: string })[]): string {
  const width = Math.max(3, ...nodes.map(({ word }) => word.length));
  const rows = [
    `  ${"lab".padEnd(width)}  the lab "${lab.label}"`,
    ...nodes.map(({ word, kind, name, ip }) =>
      `  ${word.padEnd(width)}  ${kind} ${name}${ip === undefined ? "" : `, ${ip}`}`
    ),
  ];
  const first = nodes.find(({ kind }) => kind === "device")?.word;
  return [
    "In scope:",
    ...rows,
    "",
    first === undefined
      ? 'Try: const a = await lab.addRouter("a", { preset: "home" })'
      : `Try: await ${first}.$\`ip -br addr\``,
    ...lab.vms.length > 0
      ? ["The virtual machines are switched off; to boot them: await lab.boot()"]
      : [],
    "Ctrl-D ends the prompt and the lab.",
  ].join("\n");
}
