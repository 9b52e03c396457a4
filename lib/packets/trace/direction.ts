import type { Frame } from "../file/frame.ts";
import { macText } from "../headers/address_text.ts";
import { LINK } from "../headers/headers.ts";
import type { Direction } from "./types.ts";

/** What Linux's cooked captures say of a frame that this host sent. */
const OUTGOING = 4;

/**
 * The MAC address of an interface, if its frames tell: the only one that each of them has as its
 * source or destination.
 */
export function ownMac(frames: readonly Frame[]): string | undefined {
  let candidates: string[] | undefined;
  for (const { data, interface: { linkType } } of frames) {
    if (linkType !== LINK.ethernet || data.length < 14) continue;
    // Frames to groups say nothing: others may have sent them, or they themselves.
    if (data[0] & 1) continue;
    const both = [macText(data, 0), macText(data, 6)];
    candidates = candidates ? candidates.filter((mac) => both.includes(mac)) : both;
    if (candidates.length === 0) return undefined;
  }
  return candidates?.length === 1 ? candidates[0] : undefined;
}

/** Whether a frame was received or sent: as its file says, else by its addresses. */
export function directionOf(frame: Frame, mac: string | undefined): Direction {
  const { data, interface: { linkType } } = frame;
  if (frame.direction) return frame.direction;
  if (linkType === LINK.sll && data.length >= 2) {
    return (data[0] << 8 | data[1]) === OUTGOING ? "out" : "in";
  }
  if (linkType === LINK.sll2 && data.length >= 11) return data[10] === OUTGOING ? "out" : "in";
  if (mac === undefined || linkType !== LINK.ethernet || data.length < 12) return undefined;
  if (macText(data, 6) === mac) return "out";
  return data[0] & 1 || macText(data, 0) === mac ? "in" : undefined;
}
