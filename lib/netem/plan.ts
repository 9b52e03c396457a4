import type { LinkLimits } from "../link/condition.ts";
import { LinkEngineError } from "../link/errors.ts";

/**
 * The qdiscs that bring a condition about, from the root on, each as tc(8) wants its options:
 *
 * - `tbf`, which lets all pass and cuts the super-frames of TSO and GSO up: netem takes each for one
 *   packet, and would lose forty at once. Turning the offloads off would not do, for it reaches
 *   neither connections that are open nor what is forwarded;
 * - `prio`, for the filter: `police` refuses what would wait for the rate too long. A limit of netem
 *   counts packets, small ones as large, and those that are on their way with those that wait;
 * - `netem` for loss, damage and the rate;
 * - `netem` for the delay. One alone would delay first, send what it reorders at no rate, and have a
 *   jitter beyond the delay take back what the rate took.
 *
 * With duplicates there is but one netem, since the kernel refuses another beside one that makes
 * copies: then what is reordered overtakes what waits for the rate.
 */
export interface NetemPlan {
  splitter: string;
  police?: string;
  netem: string;
  delay?: string;
}

/** As many packets as a netem holds: those of a second on a fast link, and 2.3 GB at most. */
const LIMIT = "limit 1000000";

/** So long packets wait for the rate, at most. */
const QUEUE_SECONDS = 0.4;
/** And at least so many full frames fit in. */
const QUEUE_FRAMES = 32;

/** What the kernel can say of a bucket: less than 2^32 ticks of 64 ns to fill it, less than 2^32 bytes. */
const BUCKET_SECONDS = 250;
const BUCKET_BYTES = 4_000_000_000;

/** A frame is longer than its packet by the Ethernet header and at most two VLAN tags. */
const FRAME_HEADER = 22;
const ETHERNET_MTU = 1500;

/** 2^31 nanoseconds, less one: netem keeps the jitter in an int. */
const JITTER_MAX_MS = 2147;

/** No time at all for any frame. With a rate, netem keeps the order. */
const ENDLESS = "8tbit";
/** Larger than any super-frame. */
const WHOLE = "16mb";

/**
 * How netem brings limits about on an interface of an MTU.
 *
 * @throws {LinkEngineError} If netem cannot.
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
  // For a delay alone, 64 KiB are as good as a packet, and a lot faster.
  const whole = !rateKbit && !lossPct && !duplicatePct && !corruptPct && !delay.jitterMs &&
    !delay.reorderPct;
  const frame = Math.max(mtu, ETHERNET_MTU) + FRAME_HEADER;
  const splitter = `tbf rate ${ENDLESS} burst ${whole ? WHOLE : frame} limit 1000000`;
  const police = rateKbit && lossPct < 100 ? { police: policer(rateKbit, lossPct, frame) } : {};
  const rate = `rate ${rateText(rateKbit)}`;
  const effects = [
    ...lossPct ? [`loss random ${percent(lossPct)}`] : [],
    ...duplicatePct ? [`duplicate ${percent(duplicatePct)}`] : [],
    // What is left out here stays as it was when a netem is changed; of all else it is taken back.
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
      `rate ${rateKbit && delay.jitterMs ? ENDLESS : rateText(0)}`,
    ].join(" "),
  };
}

/** The same qdiscs, that do nothing to the packets which come from now on. */
export function idlePlan({ splitter, delay }: NetemPlan): NetemPlan {
  const { netem, delay: none } = planNetem({}, ETHERNET_MTU);
  return { splitter, netem, ...delay ? { delay: none } : {} };
}

/** How long a packet is on its way at most, in milliseconds; without what the host adds. */
export function longestMs({ rateKbit = 0, latencyMs = 0, jitterMs = 0, lossPct = 0 }: LinkLimits) {
  const queue = rateKbit ? 8 * bucket(rateKbit, lossPct, 65535).bytes / rateKbit : 0;
  return latencyMs + jitterMs + queue;
}

/**
 * The lines for `tc -batch` that put a plan in force on a device. With the plan that is in force
 * they change it in place, and no packet is lost but where duplicates come or go.
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

/** The line that makes a device plain again. What is on its way is lost. */
export function removeNetem(device: string): string {
  return `qdisc del dev ${device} root handle 1:`;
}

// A bucket that runs dry when a queue of its size would be full, as long as both have one rate.
function policer(rateKbit: number, lossPct: number, frame: number): string {
  const { rate, bytes } = bucket(rateKbit, lossPct, frame);
  return `police rate ${Math.round(rate)}bit burst ${bytes} mtu 70000 conform-exceed drop/pass`;
}

// What is lost takes none of the rate, but passes the policer.
function bucket(rateKbit: number, lossPct: number, frame: number) {
  const rate = rateKbit * 1000 / Math.max(1 - lossPct / 100, 0.01);
  const wanted = Math.max(rate / 8 * QUEUE_SECONDS, QUEUE_FRAMES * frame);
  const bytes = Math.floor(Math.min(wanted, rate / 8 * BUCKET_SECONDS, BUCKET_BYTES));
  return { rate, bytes };
}

function delayText(
  { latencyMs = 0, jitterMs = 0, reorderPct = 0 }: LinkLimits,
): string[] {
  if (jitterMs > JITTER_MAX_MS) {
    throw new LinkEngineError(
      `"jitterMs" is ${jitterMs}, but netem varies a delay by at most ${JITTER_MAX_MS} ms: ` +
        'ask for less, or use linkEngine "emulator"',
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

/** As tc reads it: to the nanosecond. */
function time(ms: number): string {
  return Number.isInteger(ms) ? `${ms}ms` : `${decimal(ms * 1000, 3)}us`;
}

/** The kernel counts in shares of 2^32: nine digits behind the point are more than it keeps. */
function percent(value: number): string {
  return `${decimal(value, 9)}%`;
}

/** A rate as tc reads it. */
export function rateText(kbit: number): string {
  if (kbit === 0) return "0bit";
  return Number.isInteger(kbit) ? `${kbit}kbit` : `${Math.round(kbit * 1000)}bit`;
}

function decimal(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, "");
}
