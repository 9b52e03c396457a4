import { fileURLToPath } from "node:url";
import { z } from "zod";
import { pathText } from "../../options/parse_options.ts";
import { checkToml } from "../../toml/check.ts";
import { TomlDocument, type TomlPath } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { snakeCase } from "../../toml/values.ts";
import { profileNamed } from "../../vm/profiles.ts";
import type { LabConfig } from "./types.ts";
import type { ConfigPath } from "./faults.ts";
import type { ConfigHost } from "./members.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import { type LabPlan, planConfig } from "./plan.ts";
import { topologyTables } from "./toml_tables.ts";

export { expandedDevices } from "./names.ts";
export { type TopologyTables, topologyTables } from "./toml_tables.ts";

const topologySchema = z.strictObject({ ...topologyTables });

/**
 * Returns the configuration that a topology in TOML describes, after checking that it can be built.
 *
 * @param value The tables of the topology, after a substitution or without other tables of the document.
 * Default: the whole document, which is a topology file.
 * @throws {TomlError} If there is a fault: the file, the line and the message of each.
 *
 * @example
 * ```ts
 * import { TomlDocument } from "../../toml/document.ts";
 * import { topologyFrom } from "./toml.ts";
 *
 * const text = '[[router]]\nname = "dc"\n[device.a.eth0]\ngateway = "dc"\n';
 * const { devices } = topologyFrom(TomlDocument.parse("lab.toml", text));
 * console.assert(devices?.a.interfaces?.eth0.gateway === "dc");
 * ```
 */
export function topologyFrom(
  document: TomlDocument,
  value: Record<string, unknown> = document.value,
): LabConfig {
  return planToml(document, { value }).config;
}

/** How a topology in TOML is planned. */
export interface PlanTomlOptions {
  /** As of {@link topologyFrom}. */
  value?: Record<string, unknown>;
  /** What is known about the host. Default: the profiles of the working directory. */
  host?: ConfigHost;
  /** Options of the lab, which take precedence over those of the file. */
  ipv6?: Ipv6Options;
}

/** Plans a topology in TOML; also returns the configuration that it describes. */
export function planToml(
  document: TomlDocument,
  { value = document.value, host = { checkProfile: profileNamed }, ipv6 = {} }: PlanTomlOptions,
): { config: LabConfig; plan: LabPlan } {
  const tables = checkToml(topologySchema, document, [], value);
  const parts: LabConfig = {
    regions: tables.region,
    routers: tables.router,
    bridges: tables.bridge,
    devices: tables.device,
    vms: tables.vm,
    ipv6: tables.ipv6,
  };
  const config: LabConfig = Object.fromEntries(
    Object.entries(parts).filter(([, part]) => part !== undefined),
  );
  const result = planConfig(
    { ...config, ipv6: { ...config.ipv6, ...ipv6 } },
    host,
    (path) => pathText(tomlPath(path)),
  );
  if ("plan" in result) return { config, plan: result.plan };
  const faults = result.faults.map(({ path, message }) => ({ path: tomlPath(path), message }));
  faults.sort((a, b) => document.line(a.path) - document.line(b.path));
  throw new TomlError(
    faults.map(({ path, message }) => ({ where: document.where(path), message })),
  );
}

/**
 * Reads a topology file, and plans the lab that it describes.
 *
 * @param ipv6 Options of the lab, which take precedence over those of the file.
 * @throws {TomlError} If the file does not exist, or has a fault.
 */
export async function loadTopology(
  path: string | URL,
  host: ConfigHost,
  ipv6?: Ipv6Options,
): Promise<LabPlan> {
  const file = typeof path === "string" ? path : fileURLToPath(path);
  return planToml(await TomlDocument.read(file), { host, ipv6 }).plan;
}

/** The path of a part of a configuration in TOML. */
function tomlPath([table, name, ...rest]: ConfigPath): TomlPath {
  const owner = [String(table).slice(0, -1), name];
  if (rest.length === 0) return owner;
  // An interface is a table of the device. Names of interfaces and regions stay as they are.
  const [inside, key, more] = rest[0] === "interfaces"
    ? [[rest[1]], rest[2], rest.slice(3)]
    : [[], rest[0], rest.slice(1)];
  return [...owner, ...inside, ...key === undefined ? [] : [snakeCase(String(key))], ...more];
}
