import type { LinkLimits } from "../link/condition.ts";
import { LinkEngineError } from "../link/errors.ts";

/**
 * The qdiscs that implement a condition, from the root on, each with its options for tc(8):
 *
 * - `tbf`, which lets everything pass and segments the super-frames of TSO and GSO: netem counts each as
 *   one packet, and would lose forty packets together. Turning the offloads off is not enough, because
 *   it affects neither open connections nor forwarded packets;
 * - `prio`, for the filter: `police` drops what would wait too long for the rate. The limit of netem
 *   counts packets of any size, both those that wait and those that are on their way;
 * - `netem` for loss, damage and the rate;
 * - `netem` for the delay. A single netem would delay first and send reordered packets without a rate,
 *   and a jitter larger than the delay would undo the effect of the rate.
 *
 * With duplicates there is only one netem, because the kernel refuses a second one beside one that makes
 * copies: reordered packets then overtake packets that wait for the rate.
 */
export interface NetemPlan {
  splitter: string;
  police?: string;
  netem: string;
  delay?: string;
}

/** The packets that a netem holds: those of a second on a fast link, and 2.3 GB at most. */
const LIMIT = "limit 1000000";

/** The longest wait for a rate. */
export const QUEUE_SECONDS = 0.4;
/** The queue holds at least this number of full frames. */
export const QUEUE_FRAMES = 32;

/** The kernel's limits of a bucket: less than 2^32 ticks of 64 ns to fill it, less than 2^32 bytes. */
const BUCKET_SECONDS = 250;
const BUCKET_BYTES = 4_000_000_000;

/** A frame is longer than its packet by the Ethernet header and at most two VLAN tags. */
const FRAME_HEADER = 22;
const ETHERNET_MTU = 1500;

/** 2^31 nanoseconds, less one: netem keeps the jitter in an int. */
const JITTER_MAX_MS = 2147;

/** A rate at which no frame takes time. With a rate, netem keeps the order. */
const UNLIMITED = "8tbit";
/** Larger than any super-frame. */
const WHOLE = "16mb";

/**
 * Plans how netem implements limits on an interface with an MTU.
 *
 * @throws {LinkEngineError} If netem cannot implement them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(planNetem({ latencyMs: 25, lossPct: 0.5 }, 1500), {
 *   splitter: "tbf rate 8tbit burst 1522 limit 1000000",
 *   netem: "netem limit 1000000 loss random 0.5% corrupt 0% rate 0bit",
 *   delay: "netem limit 1000000 delay 25ms rate 0bit",
 * });
 * ```
 *
 * Source: tc-netem(8), net/sched/sch_netem.c.
 */
export function planNetem(limits: LinkLimits, mtu: number): NetemPlan {
  const { rateKbit = 0, lossPct = 0, duplicatePct = 0, corruptPct = 0, ...delay } = limits;
  // For a delay alone, super-frames of 64 KiB behave as packets do, and are a lot faster.
  const whole = !rateKbit && !lossPct && !duplicatePct && !corruptPct && !delay.jitterMs &&
    !delay.reorderPct;
  const frame = Math.max(mtu, ETHERNET_MTU) + FRAME_HEADER;
  const splitter = `tbf rate ${UNLIMITED} burst ${whole ? WHOLE : frame} limit 1000000`;
  const police = rateKbit && lossPct < 100 ? { police: policer(rateKbit, lossPct, frame) } : {};
  const rate = `rate ${rateText(rateKbit)}`;
  const effects = [
    ...lossPct ? [`loss random ${percent(lossPct)}`] : [],
    ...duplicatePct ? [`duplicate ${percent(duplicatePct)}`] : [],
    // When a netem is changed, an omitted "corrupt" keeps its value; other omitted effects end.
    `corrupt ${percent(corruptPct)}`,
  ];
  if (duplicatePct) {
    const netem = ["netem", LIMIT, ...delayText(delay), ...effects, rate].join(" ");
    return { splitter, ...police, netem };
  }
  return {
    splitter,
    ...police,
    netem: ["netem", LIMIT, ...effects, rate].join(" "),
    delay: [
      "netem",
      LIMIT,
      ...delayText(delay),
      `rate ${rateKbit && delay.jitterMs ? UNLIMITED : rateText(0)}`,
    ].join(" "),
  };
}

/** The same qdiscs without an effect on packets that arrive from now on. */
export function idlePlan({ splitter, delay }: NetemPlan): NetemPlan {
  const { netem, delay: none } = planNetem({}, ETHERNET_MTU);
  return { splitter, netem, ...delay ? { delay: none } : {} };
}

/** The longest time that a packet is on its way, in milliseconds, without delays of the host. */
export function longestMs({ rateKbit = 0, latencyMs = 0, jitterMs = 0, lossPct = 0 }: LinkLimits) {
  const queue = rateKbit ? 8 * bucket(rateKbit, lossPct, 65535).bytes / rateKbit : 0;
  return latencyMs + jitterMs + queue;
}

/**
 * The lines for `tc -batch` that apply a plan to a device. With the active plan as `before` they change
 * it in place, and no packet is lost unless duplicates are turned on or off.
 */
export function netemCommands(device: string, plan: NetemPlan, before?: NetemPlan): string[] {
  const lines: string[] = [];
  const at = (place: string, handle: string, options: string) =>
    lines.push(`qdisc replace dev ${device} ${place} handle ${handle} ${options}`);
  if (before?.splitter !== plan.splitter) at("root", "1:", plan.splitter);
  if (!before) at("parent 1:1", "2:", `prio bands 2 priomap ${"0 ".repeat(16).trim()}`);
  if (before?.delay && !plan.delay) lines.push(`qdisc del dev ${device} parent 3:1 handle 4:`);
  if (before?.netem !== plan.netem) at("parent 2:1", "3:", plan.netem);
  if (plan.delay && before?.delay !== plan.delay) at("parent 3:1", "4:", plan.delay);
  if (before?.police !== plan.police) {
    // A filter of this kind cannot be changed.
    if (before?.police) lines.push(`filter del dev ${device} parent 2:`);
    if (plan.police) {
      lines.push(
        `filter add dev ${device} parent 2: protocol all prio 1 matchall flowid 2:1 ` +
          `action ${plan.police}`,
      );
    }
  }
  return lines;
}

/** The line that removes all impairments of a device. Packets on their way are lost. */
export function removeNetem(device: string): string {
  return `qdisc del dev ${device} root handle 1:`;
}

// A bucket that is empty when a queue of its size would be full, if both have the same rate.
function policer(rateKbit: number, lossPct: number, frame: number): string {
  const { rate, bytes } = bucket(rateKbit, lossPct, frame);
  return `police rate ${Math.round(rate)}bit burst ${bytes} mtu 70000 conform-exceed drop/pass`;
}

// Lost packets pass the policer, but take nothing of the rate.
function bucket(rateKbit: number, lossPct: number, frame: number) {
  const rate = rateKbit * 1000 / Math.max(1 - lossPct / 100, 0.01);
  const ideal = Math.max(rate / 8 * QUEUE_SECONDS, QUEUE_FRAMES * frame);
  const bytes = Math.floor(Math.min(ideal, rate / 8 * BUCKET_SECONDS, BUCKET_BYTES));
  return { rate, bytes };
}

function delayText(
  { latencyMs = 0, jitterMs = 0, reorderPct = 0 }: LinkLimits,
): string[] {
  if (jitterMs > JITTER_MAX_MS) {
    throw new LinkEngineError(
      `"jitterMs" is ${jitterMs}, but netem varies a delay by at most ${JITTER_MAX_MS} ms: ` +
        'request less, or use linkEngine "emulator"',
    );
  }
  if (!latencyMs && !jitterMs) return [];
  // tc refuses to reorder without a delay, and does not count the jitter as one.
  const latency = reorderPct ? Math.max(latencyMs, 0.001) : latencyMs;
  return [
    `delay ${time(latency)}${jitterMs ? ` ${time(jitterMs)}` : ""}`,
    ...reorderPct ? [`reorder ${percent(reorderPct)}`] : [],
  ];
}

/** A time for tc, exact to the nanosecond. */
function time(ms: number): string {
  return Number.isInteger(ms) ? `${ms}ms` : `${decimal(ms * 1000, 3)}us`;
}

/** A percentage for tc. The kernel counts in units of 2^-32, for which nine decimal places are enough. */
function percent(value: number): string {
  return `${decimal(value, 9)}%`;
}

/** A rate for tc. */
export function rateText(kbit: number): string {
  if (kbit === 0) return "0bit";
  return Number.isInteger(kbit) ? `${kbit}kbit` : `${Math.round(kbit * 1000)}bit`;
}

function decimal(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, "");
}
