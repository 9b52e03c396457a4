import type { TomlPath } from "../../toml/document.ts";
import type { Faults } from "./faults.ts";
import type { ExpandedStep } from "./uses.ts";

/** Adds a fault of a step; for a part from a template or group, also says where that is used. */
export function addFault(
  faults: Faults,
  { written, usedAt }: ExpandedStep,
  path: TomlPath,
  message: string,
): void {
  const user = usedAt ?? (written.isForeign(path) ? written.where() : undefined);
  faults.add(written.where(path), user === undefined ? message : `${message} (used at ${user})`);
}
