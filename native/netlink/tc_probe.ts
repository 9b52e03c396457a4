import { type MessageWriter, NLM_F_CREATE, NLM_F_EXCL } from "./codec.ts";
import {
  RTM_NEWQDISC,
  RTM_NEWTFILTER,
  TC_H_ROOT,
  TCA_ACT_KIND,
  TCA_KIND,
  TCA_OPTIONS,
  tcmsg,
} from "./tc.ts";

/**
 * Requests of rtnetlink(7) that probe which parts of traffic control the kernel has. Each is appended
 * to a batch.
 */

const RTM_NEWACTION = 48;

const TCA_ACT_TAB = 1;
const ETH_P_ALL_BE = 0x0300;
const FIRST_PRIORITY = 1 << 16;

/**
 * Adds a root qdisc. The kernel refuses most kinds without options by EINVAL, and a kind that it does
 * not have by ENOENT.
 */
export function addRootQdisc(
  batch: MessageWriter,
  index: number,
  kind: string,
  handle = 0,
  options?: Uint8Array,
): void {
  batch.begin(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, () => `add qdisc ${kind} on link ${index}`);
  tcmsg(batch, index, handle, TC_H_ROOT, 0);
  batch.attrString(TCA_KIND, kind);
  if (options) batch.attrBytes(TCA_OPTIONS, options);
  batch.end();
}

/** Adds a filter without options to the qdisc of a handle; fails as {@link addRootQdisc} does. */
export function addFilter(
  batch: MessageWriter,
  index: number,
  kind: string,
  qdisc: number,
): void {
  batch.begin(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, () => `add filter ${kind} to ${index}`);
  tcmsg(batch, index, 0, qdisc, FIRST_PRIORITY | ETH_P_ALL_BE);
  batch.attrString(TCA_KIND, kind).end();
}

/** Adds an action without options; fails as {@link addRootQdisc} does. */
export function addAction(batch: MessageWriter, kind: string): void {
  batch.begin(RTM_NEWACTION, NLM_F_CREATE | NLM_F_EXCL, () => `add action ${kind}`).u32(0);
  // The first of a list, which begins at 1.
  batch.nest(TCA_ACT_TAB, () => batch.nest(1, () => batch.attrString(TCA_ACT_KIND, kind))).end();
}
