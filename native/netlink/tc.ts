import { type MessageWriter, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from "./codec.ts";

/** Requests of rtnetlink(7) about traffic control (tc(8)). Each is appended to a batch. */

export const RTM_NEWQDISC = 36;
export const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;

export const TCA_KIND = 1;
export const TCA_OPTIONS = 2;
export const TC_H_ROOT = 0xffff_ffff;
const TC_H_CLSACT = 0xffff_fff1;
const TC_H_CLSACT_EGRESS = 0xffff_fff3;
const TC_H_CLSACT_INGRESS = 0xffff_fff2;
const CLSACT_HANDLE = 0xffff_0000;

const TCA_BPF_ACT = 1;
const TCA_BPF_OPS_LEN = 4;
const TCA_BPF_OPS = 5;
export const TCA_ACT_KIND = 1;
const TCA_ACT_OPTIONS = 2;
const TCA_MIRRED_PARMS = 2;
const TC_ACT_STOLEN = 4;
const TCA_EGRESS_REDIR = 1;
/** Priority 1, for every protocol (ETH_P_ALL, big-endian). */
const FIRST_OF_ALL = 1 << 16 | 0x0300;
/** Tells the filter from others of that priority: "nety". */
const REDIRECT_HANDLE = 0x6e657479;

/** Writes the fixed part of a message about traffic control, `struct tcmsg`. */
export function tcmsg(
  batch: MessageWriter,
  index: number,
  handle: number,
  parent: number,
  info: number,
): void {
  batch.u8(0).u8(0).u16(0).u32(index).u32(handle).u32(parent).u32(info);
}

/** Makes a link pass packets to its driver without a queue (qdisc `noqueue`). */
export function setNoQueue(batch: MessageWriter, index: number): void {
  batch.begin(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, `set noqueue on link ${index}`);
  tcmsg(batch, index, 0, TC_H_ROOT, 0);
  batch.attrString(TCA_KIND, "noqueue").end();
}

/**
 * Adds clsact to a link, which filters need (`tc qdisc add dev ... clsact`); the kernel refuses it if
 * the link has one. A link that is up drops what it should send meanwhile, for a millisecond or more:
 * the kernel takes its queues out of use (`qdisc_graft`). Adding and deleting filters drops nothing.
 */
export function addClsact(batch: MessageWriter, index: number): void {
  batch.begin(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, `add clsact to link ${index}`);
  tcmsg(batch, index, CLSACT_HANDLE, TC_H_CLSACT, 0);
  batch.attrString(TCA_KIND, "clsact").end();
}

/**
 * A classic BPF program that matches each packet without a mark: load the mark; if it is equal, return
 * 0; else -1, which cls_bpf takes as a match (linux/filter.h).
 */
function allButMark(mark: number): Uint8Array {
  const SKF_AD_MARK = 0xffff_f014;
  return bpf([0x20, 0, 0, SKF_AD_MARK], [0x15, 0, 1, mark], [0x06, 0, 0, 0], THIS_FILTER);
}

type Instruction = [code: number, jt: number, jf: number, k: number];

const THIS_FILTER: Instruction = [0x06, 0, 0, 0xffff_ffff];

function bpf(...program: Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * program.length));
  program.forEach(([code, jt, jf, k], i) => {
    bytes.setUint16(8 * i, code, true);
    bytes.setUint8(8 * i + 2, jt);
    bytes.setUint8(8 * i + 3, jf);
    bytes.setUint32(8 * i + 4, k, true);
  });
  return new Uint8Array(bytes.buffer);
}

/**
 * Redirects every packet that would leave by a link with clsact to another link, except those with
 * `mark` (socket(7), SO_MARK).
 *
 * Source: tc-bpf(8), tc-mirred(8).
 */
export function redirectAllButMark(
  batch: MessageWriter,
  index: number,
  target: number,
  mark: number,
): void {
  const only = NLM_F_CREATE | NLM_F_EXCL;
  redirect(batch, index, TC_H_CLSACT_EGRESS, target, allButMark(mark), only);
}

/**
 * Redirects every packet that arrives by a link with clsact to another link. Replaces an earlier
 * redirection.
 *
 * Source: tc-bpf(8), tc-mirred(8).
 */
export function redirectIncoming(batch: MessageWriter, index: number, target: number): void {
  redirect(batch, index, TC_H_CLSACT_INGRESS, target, bpf(THIS_FILTER), NLM_F_CREATE);
}

function redirect(
  batch: MessageWriter,
  index: number,
  parent: number,
  target: number,
  program: Uint8Array,
  flags: number,
): void {
  batch.begin(RTM_NEWTFILTER, flags, `redirect link ${index} to ${target}`);
  tcmsg(batch, index, REDIRECT_HANDLE, parent, FIRST_OF_ALL);
  batch.attrString(TCA_KIND, "bpf");
  batch.nest(TCA_OPTIONS, () => {
    batch.nest(TCA_BPF_ACT, () => {
      batch.nest(1, () => {
        batch.attrString(TCA_ACT_KIND, "mirred");
        batch.nest(TCA_ACT_OPTIONS, () => {
          // struct tc_mirred: index, capab, action, refcnt, bindcnt, eaction, ifindex.
          const words = new Uint32Array([0, 0, TC_ACT_STOLEN, 0, 0, TCA_EGRESS_REDIR, target]);
          batch.attrBytes(TCA_MIRRED_PARMS, new Uint8Array(words.buffer));
        });
      });
    });
    batch.attrBytes(TCA_BPF_OPS_LEN, new Uint8Array([program.length / 8, 0]));
    batch.attrBytes(TCA_BPF_OPS, program);
  });
  batch.end();
}

/** Ends a redirection of {@link redirectAllButMark}. */
export function deleteRedirect(batch: MessageWriter, index: number): void {
  batch.begin(RTM_DELTFILTER, 0, `delete the redirection of link ${index}`);
  tcmsg(batch, index, REDIRECT_HANDLE, TC_H_CLSACT_EGRESS, FIRST_OF_ALL);
  batch.attrString(TCA_KIND, "bpf").end();
}
