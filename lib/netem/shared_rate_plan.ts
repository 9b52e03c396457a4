import { QUEUE_FRAMES, QUEUE_SECONDS, rateText } from "./plan.ts";

/**
 * The tc(8) commands of a rate that several links of one namespace share: all packets that count pass
 * one `ifb` device with a `tbf`, and then continue on their path.
 */

/** An Ethernet frame with two VLAN tags. */
const FRAME = 1522;
/** The burst is what arrives between two ticks of a clock of 250 Hz. */
const TICKS_PER_SECOND = 250;

/** The lines for `tc -batch` that set or change the rate of a device. */
export function sharedRateCommands(device: string, rateKbit: number): string[] {
  const bytesPerSecond = rateKbit * 125;
  const burst = Math.max(FRAME, Math.ceil(bytesPerSecond / TICKS_PER_SECOND));
  const limit = Math.max(QUEUE_FRAMES * FRAME, Math.ceil(bytesPerSecond * QUEUE_SECONDS));
  return [
    `qdisc replace dev ${device} root handle 1: tbf rate ${rateText(rateKbit)} ` +
    `burst ${burst} limit ${limit}`,
  ];
}

/** The priority of these filters, which distinguishes them from others. */
const PRIORITY = 3;
/** A classic BPF program that matches every packet. */
const ALL = "1,6 0 0 4294967295,";

/** The line that makes the packets of a link in one direction share the rate. The link needs clsact. */
export function shareCommand(link: string, hook: "ingress" | "egress", device: string): string {
  return `filter replace dev ${link} ${hook} protocol all prio ${PRIORITY} handle 1 ` +
    `bpf bytecode '${ALL}' action mirred egress redirect dev ${device}`;
}

/** The line that ends it. */
export function unshareCommand(link: string, hook: "ingress" | "egress"): string {
  return `filter del dev ${link} ${hook} protocol all prio ${PRIORITY}`;
}
