import { type MessageWriter, NLM_F_CREATE, NLM_F_EXCL } from "./codec.ts";

/** Requests of rtnetlink(7) that concern traffic control, each appended to a batch. */

const RTM_NEWQDISC = 36;
const RTM_NEWTFILTER = 44;
const RTM_NEWACTION = 48;

const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_ACT_TAB = 1;
const TCA_ACT_KIND = 1;

const TC_H_ROOT = 0xffffffff;
const ETH_P_ALL_BE = 0x0300;
const FIRST_PRIORITY = 1 << 16;

function tcmsg(batch: MessageWriter, index: number, handle: number, parent: number, info: number) {
  batch.u8(0).u8(0).u16(0).u32(index).u32(handle).u32(parent).u32(info);
}

/**
 * Adds a root qdisc. Without options most kinds refuse, by EINVAL; a kind that the kernel does not
 * have is refused by ENOENT.
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

/** Adds a filter without options to the qdisc of a handle; refused as {@link addRootQdisc} is. */
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

/** Adds an action without options; refused as {@link addRootQdisc} is. */
export function addAction(batch: MessageWriter, kind: string): void {
  batch.begin(RTM_NEWACTION, NLM_F_CREATE | NLM_F_EXCL, () => `add action ${kind}`).u32(0);
  // The first of a list, which tc(8) counts from 1.
  batch.nest(TCA_ACT_TAB, () => batch.nest(1, () => batch.attrString(TCA_ACT_KIND, kind))).end();
}
