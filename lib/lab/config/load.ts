import { fileURLToPath } from "node:url";
import { TomlDocument } from "../../toml/document.ts";
import type { LabConfig } from "./types.ts";
import type { ConfigHost } from "./members.ts";
import { topologyFrom } from "./toml.ts";

/**
 * Reads a topology file, and checks all of it.
 *
 * @throws {TomlError} If it is not there, or not as it must be.
 */
export async function loadTopology(path: string | URL, host: ConfigHost): Promise<LabConfig> {
  const file = typeof path === "string" ? path : fileURLToPath(path);
  return topologyFrom(await TomlDocument.read(file), undefined, host);
}
