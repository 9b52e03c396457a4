import type { Headers } from "../headers/headers.ts";
import { tcpFlagsText, tcpOptionsText, tcpShift } from "../network/tcp.ts";
import type { Conversations } from "./conversations.ts";

const FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, ack: 0x10 } as const;

/**
 * One line about a segment, as Wireshark has it: ports, flags, numbers relative to the start of the
 * connection, the window scaled, length and options.
 */
export function tcpInfo(
  headers: Headers,
  source: string,
  destination: string,
  conversations: Conversations,
): string {
  const { bytes, transportAt: at, payloadAt, payloadEnd, sourcePort, destinationPort } = headers;
  const ports = `${sourcePort} → ${destinationPort}`;
  if (payloadAt < 0) {
    return sourcePort < 0 || destinationPort < 0 ? "TCP, cut off" : `${ports} cut off`;
  }
  const flags = (bytes[at + 12] << 8 | bytes[at + 13]) & 0x1ff;
  const sequence = headers.u32(at + 4);
  const acknowledged = headers.u32(at + 8);
  const forward = `${source} ${sourcePort} ${destination} ${destinationPort}`;
  const backward = `${destination} ${destinationPort} ${source} ${sourcePort}`;
  let own = conversations.side(forward);
  const isSyn = (flags & FLAG.syn) !== 0;
  // A SYN with another number is a new connection of the same ports.
  if (!own || isSyn && own.base !== sequence) {
    // Without a SYN, the first byte that is seen is number 1, as after one.
    own = conversations.begin(
      forward,
      isSyn ? sequence : sequence - 1 >>> 0,
      isSyn ? tcpShift(headers) : -2,
    );
  }
  let other = conversations.side(backward);
  const hasAck = (flags & FLAG.ack) !== 0;
  if (!other && hasAck) other = conversations.begin(backward, acknowledged - 1 >>> 0, -2);
  let info = `${ports} [${tcpFlagsText(flags)}] Seq=${sequence - own.base >>> 0}`;
  if (hasAck && other) info += ` Ack=${acknowledged - other.base >>> 0}`;
  const window = headers.u16(at + 14);
  const scaled = !isSyn && own.shift >= 0 && (other?.shift ?? -2) !== -1;
  info += ` Win=${scaled ? window * 2 ** own.shift : window} Len=${payloadEnd - payloadAt}`;
  return payloadAt > at + 20 ? info + tcpOptionsText(headers, other?.base ?? 0) : info;
}
