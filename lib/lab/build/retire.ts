import { retireDevice } from "./device.ts";
import { retireRegion } from "./region.ts";
import { retireRouter } from "./router.ts";
import { retireVm } from "./vm.ts";
import type { LabCore } from "../model/lab.ts";
import type { DeviceRecord, RegionRecord, RouterRecord, VmRecord } from "../model/records.ts";

/** Unplugs a node of any kind for good, and returns its name among those of its kind. */
export function retire(
  core: LabCore,
  record: RegionRecord | RouterRecord | VmRecord | DeviceRecord,
): string {
  if (record.kind === "region") retireRegion(core, record);
  else if (record.kind === "router") retireRouter(core, record);
  else if (record.kind === "vm") retireVm(core, record);
  else retireDevice(core, record);
  return record.kind === "region" ? record.region : record.name;
}
