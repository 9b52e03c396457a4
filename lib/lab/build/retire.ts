import { retireDevice } from "./device.ts";
import { retireRegion } from "./region.ts";
import { retireRouter } from "./router.ts";
import { retireVm } from "./vm.ts";
import type { LabCore } from "../model/lab.ts";
import type {
  DeviceRecord,
  NodeRecord,
  RegionRecord,
  RouterRecord,
  VmRecord,
} from "../model/records.ts";

/** Unplugs a node of any kind for good, and returns what it is called among those of its kind. */
export function retire(core: LabCore, record: NodeRecord): string {
  if (record.kind === "region") {
    const region = record as RegionRecord;
    retireRegion(core, region);
    return region.region;
  }
  if (record.kind === "router") retireRouter(core, record as RouterRecord);
  else if (record.kind === "vm") retireVm(core, record as VmRecord);
  else retireDevice(core, record as DeviceRecord);
  return record.name;
}
