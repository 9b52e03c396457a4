import type {
  Impairment,
  LinkCondition,
  LinkDirections,
  LinkLimits,
  SharedRate,
} from "../../link/mod.ts";

/** The conditions of links: what was requested, and what applies it. */

/** The condition of one direction of a link. */
export interface ConditionState {
  requested: LinkCondition | null;
  /** The conditions with which active faults replace it; the last one is effective. */
  faults: { condition: LinkCondition }[];
  /** Limits that apply in addition: the impairments of the whole bridge. */
  also: LinkLimits | undefined;
  /** The rate that it shares with all other links of the bridge. */
  shared: SharedRate | undefined;
  impairment: Impairment | undefined;
  /** How often it was impaired, so that what is drawn at random differs each time. */
  times: number;
}

/** Both directions of an interface's link; `up` is what the interface sends. */
export interface Conditions {
  up: ConditionState;
  down: ConditionState;
}

/** A direction without a condition. */
export const unimpaired = (): ConditionState => ({
  requested: null,
  faults: [],
  also: undefined,
  shared: undefined,
  impairment: undefined,
  times: 0,
});

/** The conditions of a new interface. */
export const noConditions = (): Conditions => ({ up: unimpaired(), down: unimpaired() });

/** The condition that is effective: that of the latest active fault, or else the requested one. */
export const effective = ({ requested, faults }: ConditionState): LinkCondition | null =>
  faults.at(-1)?.condition ?? requested;

/** One value for both directions where they are equal, as events and states have it. */
export function combined({ up, down }: Conditions): LinkCondition | LinkDirections | null {
  const both = { up: effective(up), down: effective(down) };
  return JSON.stringify(both.up) === JSON.stringify(both.down) ? both.up : both;
}

/** Removes a condition and its faults, since the link engine that applied it failed. */
export function clearCondition(state: ConditionState): void {
  discardImpairment(state);
  state.requested = null;
  state.faults.length = 0;
  state.also = undefined;
  state.shared = undefined;
}

/** Forgets the impairment of a link that is gone. */
export function discardImpairment(state: ConditionState): void {
  state.impairment?.discard();
  state.impairment = undefined;
}
