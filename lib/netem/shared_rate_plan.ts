import { rateText } from "./plan.ts";

/**
 * A rate that several links of one namespace share, as tc(8) wants it: all that is to count
 * is sent through one `ifb` device with a `tbf`, and goes on from there as if nothing had been.
 */

/** So long packets wait for the rate, at most; as the queue of a link's own rate. */
const QUEUE_SECONDS = 0.4;
/** And at least so many full frames fit in. */
const QUEUE_FRAMES = 32;
/** An Ethernet frame with two VLAN tags. */
const FRAME = 1522;
/** As many bytes as come between two ticks of a clock of 250 Hz may leave at once. */
const TICKS_PER_SECOND = 250;

/** The lines for `tc -batch` that give a device its rate, or change it. */
export function sharedRateCommands(device: string, rateKbit: number): string[] {
  const bytesPerSecond = rateKbit * 125;
  const burst = Math.max(FRAME, Math.ceil(bytesPerSecond / TICKS_PER_SECOND));
  const limit = Math.max(QUEUE_FRAMES * FRAME, Math.ceil(bytesPerSecond * QUEUE_SECONDS));
  return [
    `qdisc replace dev ${device} root handle 1: tbf rate ${rateText(rateKbit)} ` +
    `burst ${burst} limit ${limit}`,
  ];
}

/** Of the filters here, to tell them from others. */
const PRIORITY = 3;
/** A classic BPF program that takes every packet. */
const ALL = "1,6 0 0 4294967295,";

/**
 * The line that has what comes in by a link, or what leaves by it, share the rate. The link must have
 * clsact.
 */
export function shareCommand(link: string, way: "ingress" | "egress", device: string): string {
  return `filter replace dev ${link} ${way} protocol all prio ${PRIORITY} handle 1 ` +
    `bpf bytecode '${ALL}' action mirred egress redirect dev ${device}`;
}

/** The line that has it share no more. */
export function unshareCommand(link: string, way: "ingress" | "egress"): string {
  return `filter del dev ${link} ${way} protocol all prio ${PRIORITY}`;
}
