import { z } from "zod";
import { pathText } from "../../options/parse_options.ts";
import { checkToml } from "../../toml/check.ts";
import type { TomlDocument, TomlPath } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { snakeCase } from "../../toml/values.ts";
import { profileNamed } from "../../vm/profiles.ts";
import type { LabConfig } from "./types.ts";
import type { ConfigPath } from "./faults.ts";
import type { ConfigHost } from "./members.ts";
import { planConfig } from "./plan.ts";
import { topologyTables } from "./toml_tables.ts";

export { expandedDevices } from "./names.ts";
export { type TopologyTables, topologyTables } from "./toml_tables.ts";

const topologySchema = z.strictObject({ ...topologyTables });

/**
 * What a topology in TOML describes. All of it is checked, so that it can be built as it is.
 *
 * @param value Its tables and nothing else, as they are in the document or after a substitution in its
 * strings. Default: all of the document, which is a topology file.
 * @param host What is known of the host. Default: the profiles of the working directory.
 * @throws {TomlError} If it is not as it must be, with the file and the line of each fault.
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
  host: ConfigHost = { checkProfile: profileNamed },
): LabConfig {
  const { router, device, region, bridge, vm, ipv6 } = checkToml(
    topologySchema,
    document,
    [],
    value,
  );
  const tables = {
    regions: region,
    routers: router,
    bridges: bridge,
    devices: device,
    vms: vm,
    ipv6,
  };
  const config: LabConfig = Object.fromEntries(
    Object.entries(tables).filter(([, table]) => table !== undefined),
  );
  const result = planConfig(config, host, (path) => pathText(tomlPath(path)));
  if ("plan" in result) return config;
  const faults = result.faults.map(({ path, message }) => ({ path: tomlPath(path), message }));
  faults.sort((a, b) => document.line(a.path) - document.line(b.path));
  throw new TomlError(
    faults.map(({ path, message }) => ({ where: document.where(path), message })),
  );
}

/** Where a part of a configuration stands in TOML. */
function tomlPath([table, name, ...rest]: ConfigPath): TomlPath {
  const owner = [String(table).slice(0, -1), name];
  if (rest.length === 0) return owner;
  // An interface is a table of the device. What names it, or a region, is no key of ours.
  const [inside, key, more] = rest[0] === "interfaces"
    ? [[rest[1]], rest[2], rest.slice(3)]
    : [[], rest[0], rest.slice(1)];
  return [...owner, ...inside, ...key === undefined ? [] : [snakeCase(String(key))], ...more];
}
