import type { LinkEngineKind } from "@netyard/netyard";
import { delayCases } from "./suite/delay.ts";
import { effectCases } from "./suite/effects.ts";
import { rateCases } from "./suite/rate.ts";

/** Registers what an engine must do with the conditions of links, with real traffic. */
export function conditionSuite(engine: LinkEngineKind): void {
  delayCases(engine);
  effectCases(engine);
  rateCases(engine);
}
