import { fileURLToPath } from "node:url";
import { TomlDocument } from "../../toml/document.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import type { ConfigHost } from "./members.ts";
import type { LabPlan } from "./plan.ts";
import { planToml } from "./toml.ts";

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
