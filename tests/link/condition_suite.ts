import type { LinkEngineKind } from "@netyard/netyard";
import { delayCases } from "./suite/delay.ts";
import { effectCases } from "./suite/effects.ts";
import { rateCases } from "./suite/rate.ts";
import { manyCases } from "./suite/many.ts";
import { lifeCases } from "./suite/life.ts";
import { downlinkCases } from "./suite/downlink.ts";
import { changeCases } from "./suite/change.ts";

/** Registers the tests of link conditions with real traffic, for an engine. */
export function conditionSuite(engine: LinkEngineKind): void {
  delayCases(engine);
  effectCases(engine);
  rateCases(engine);
  lifeCases(engine);
  manyCases(engine);
  downlinkCases(engine);
  changeCases(engine);
}
