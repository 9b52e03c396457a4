import type {
  Impairment,
  LinkCondition,
  LinkDirections,
  LinkLimits,
  SharedRate,
} from "../../link/mod.ts";

/** What was asked of links, and what puts it in force. */

/** The condition of one direction of a link: what was asked, and what puts it in force. */
export interface ConditionState {
  asked: LinkCondition | null;
  /** Those that faults put in its place; the last holds. */
  faults: { condition: LinkCondition }[];
  /** What is in force besides: the impairments of the whole bridge. */
  also: LinkLimits | undefined;
  /** The rate that it has together with all else on the bridge. */
  shared: SharedRate | undefined;
  impairment: Impairment | undefined;
  /** How often it was impaired, so that chance is not the same each time. */
  times: number;
}

/** Both directions of an interface's link; `up` is what it sends. */
export interface Conditions {
  up: ConditionState;
  down: ConditionState;
}

export const unimpaired = (): ConditionState => ({
  asked: null,
  faults: [],
  also: undefined,
  shared: undefined,
  impairment: undefined,
  times: 0,
});

/** What a new interface has. */
export const noConditions = (): Conditions => ({ up: unimpaired(), down: unimpaired() });

/** What is to be in force. */
export const inForce = ({ asked, faults }: ConditionState): LinkCondition | null =>
  faults.at(-1)?.condition ?? asked;

/** One value for both directions where they are the same, as events and states have it. */
export function together({ up, down }: Conditions): LinkCondition | LinkDirections | null {
  const both = { up: inForce(up), down: inForce(down) };
  return JSON.stringify(both.up) === JSON.stringify(both.down) ? both.up : both;
}

/** Takes note that what put it in force failed. */
export function lose(impaired: ConditionState): void {
  abandon(impaired);
  impaired.asked = null;
  impaired.faults.length = 0;
  impaired.also = undefined;
  impaired.shared = undefined;
}

export function abandon(impaired: ConditionState): void {
  impaired.impairment?.discard();
  impaired.impairment = undefined;
}
