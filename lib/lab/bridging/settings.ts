import { type Impairments, UNIMPAIRED } from "../../bridge/impairments.ts";
import { namesIn, noPartitions, type Partitions } from "../../bridge/partitions.ts";
import { impairmentsState } from "../model/bridge_event_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { Segment } from "../model/records.ts";
import { impairDirection, impairmentsOf, impairWhole } from "./impair.ts";
import { mustBeUp, namedPair } from "./members.ts";
import type { MemberPair } from "../options/bridge_options.ts";
import { changePartitions } from "./partition.ts";

/** The partitions and impairments of a bridge. */
export interface BridgeSettings {
  readonly partitions: Partitions;
  readonly whole: Impairments;
  /** By the key of the direction from one member to another. */
  readonly directions: ReadonlyMap<string, Impairments>;
}

/** The settings of a new bridge. */
export const plainSettings = (): BridgeSettings => ({
  partitions: noPartitions(),
  whole: UNIMPAIRED,
  directions: new Map(),
});

/** Copies the settings of a bridge. */
export function settingsOf({ bridging }: Segment): BridgeSettings {
  const { partitions, whole, directions } = bridging;
  return {
    partitions: copyOf(partitions),
    whole: { ...whole },
    directions: new Map([...directions].map(([key, each]) => [key, { ...each }])),
  };
}

/** Gives a bridge these settings in place of its own. */
export function applySettings(core: LabCore, segment: Segment, settings: BridgeSettings): void {
  const before = JSON.stringify(impairmentsState(segment));
  changePartitions(core, segment, (partitions) => {
    Object.assign(partitions, copyOf(settings.partitions));
  });
  impairWhole(core, segment, settings.whole);
  const { directions } = segment.bridging;
  for (const key of new Set([...directions.keys(), ...settings.directions.keys()])) {
    const [from, to] = namesIn(key);
    impairDirection(core, segment, from, to, settings.directions.get(key) ?? UNIMPAIRED);
  }
  if (JSON.stringify(impairmentsState(segment)) !== before) emitImpairments(core, segment);
}

/** Changes some impairments of a whole bridge, or of the direction from one member to another. */
export function changeImpairments(
  core: LabCore,
  segment: Segment,
  what: string,
  changed: Partial<Impairments>,
  pair?: MemberPair,
): void {
  if (!pair) {
    impairWhole(core, segment, { ...segment.bridging.whole, ...changed });
  } else {
    const { from, to } = namedPair(core, what, pair);
    const isClear = Object.values(changed).every((each) => each === 0);
    if (!isClear) mustBeUp(segment, what, [from, to]);
    const impairments = { ...impairmentsOf(segment, from, to), ...changed };
    impairDirection(core, segment, from, to, impairments);
  }
  emitImpairments(core, segment);
}

/** Emits the impairments that a bridge has now. */
function emitImpairments(core: LabCore, segment: Segment): void {
  const impairments = impairmentsState(segment);
  core.bus.emit({ kind: "bridge-impairments-changed", bridge: segment.name, impairments });
}

function copyOf({ pairs, oneWay, all, isolated }: Partitions): Partitions {
  return { pairs: new Set(pairs), oneWay: new Set(oneWay), all, isolated: new Set(isolated) };
}
