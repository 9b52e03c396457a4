import { fileURLToPath } from "node:url";
import { TomlDocument } from "../toml/document.ts";
import type { LabConfig } from "./config.ts";
import type { ConfigHost } from "./config_members.ts";
import { topologyFrom } from "./topology_toml.ts";

/**
 * Reads a topology file, and checks all of it.
 *
 * @throws {TomlError} If it is not there, or not as it must be.
 */
export async function loadTopology(path: string | URL, host: ConfigHost): Promise<LabConfig> {
  const file = typeof path === "string" ? path : fileURLToPath(path);
  return topologyFrom(await TomlDocument.read(file), undefined, host);
}
