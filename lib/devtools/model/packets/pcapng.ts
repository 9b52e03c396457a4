import { type FrameOptions, type InterfaceOptions, writePcapng } from "../../../packets/mod.ts";
import type { PacketEntry, PacketStore } from "./packet_store.ts";

/** Writes packets as one capture file, each with its interface, and with the secrets of the files. */
export function pcapngOf(
  store: PacketStore,
  entries: Iterable<PacketEntry>,
): Uint8Array<ArrayBuffer> {
  const interfaces: InterfaceOptions[] = [];
  const numbers = new Map<string, number>();
  const frames: FrameOptions[] = [];
  for (const { frame, place } of entries) {
    const { linkType, snapLength } = frame.interface;
    const name = `${place.node} ${place.interface}`.trim();
    const key = `${linkType} ${name}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = interfaces.push({ name, linkType, snapLength }) - 1;
      numbers.set(key, number);
    }
    const { seconds, nanos, data, length, direction, comment } = frame;
    frames.push({ interface: number, seconds, nanos, data, length, direction, comment });
  }
  return writePcapng({ interfaces, frames, secrets: store.secrets });
}
