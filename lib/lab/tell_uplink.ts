import type { LabCore } from "./core.ts";
import type { RouterRecord } from "./model.ts";
import { interfaceState } from "./snapshot.ts";

/** Tells of the address that an uplink got. */
export function tellUplink(core: LabCore, { name, uplink }: RouterRecord): void {
  const state = interfaceState(uplink);
  core.bus.emit({ kind: "interface-changed", node: name, name: uplink.name, interface: state });
}
