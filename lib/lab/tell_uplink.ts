import type { LabCore } from "./core.ts";
import type { RouterRecord } from "./model/records.ts";
import { interfaceState } from "./model/event_state.ts";

/** Tells of the address that an uplink got. */
export function tellUplink(core: LabCore, { name, uplink }: RouterRecord): void {
  const state = interfaceState(uplink);
  core.bus.emit({ kind: "interface-changed", node: name, name: uplink.name, interface: state });
}
