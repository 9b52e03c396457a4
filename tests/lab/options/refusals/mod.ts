/** What labs must refuse, and how: cases for `refusals_test.ts` and `descriptors_main.ts`. */
import { ADDRESSES } from "./addresses.ts";
import { CONDITION_REFUSALS } from "./conditions.ts";
import { FAULT_REFUSALS } from "./faults.ts";
import { NAMES } from "./names.ts";
import { OPTIONS } from "./options.ts";
import { REFERENCES } from "./references.ts";
import { REGIONS } from "./regions.ts";
import type { Refusal } from "./world.ts";

export { World } from "./world.ts";

export const REFUSALS: Refusal[] = [
  ...OPTIONS,
  ...NAMES,
  ...REFERENCES,
  ...ADDRESSES,
  ...REGIONS,
  ...CONDITION_REFUSALS,
  ...FAULT_REFUSALS,
];
