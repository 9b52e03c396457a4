import { joinBytes } from "./bytes.ts";
import { CaptureReader } from "./reader.ts";
import { interfaceBlock, packetBlock, sectionBlock } from "./writer.ts";

/**
 * Turns a pcap file of one interface into pcapng, chunk by chunk.
 *
 * @param chunks The pcap file; what is not whole at its end is left out.
 * @param name The name of the interface.
 */
export function* pcapngOf(
  chunks: Iterable<Uint8Array>,
  name: string,
): Generator<Uint8Array<ArrayBuffer>> {
  const reader = new CaptureReader();
  let begun = false;
  for (const chunk of chunks) {
    const frames = reader.feed(chunk);
    const parts: Uint8Array[] = [];
    const on = reader.interfaces[0];
    if (!begun && on) {
      begun = true;
      parts.push(sectionBlock());
      parts.push(interfaceBlock({ name, linkType: on.linkType, snapLength: on.snapLength }));
    }
    for (const { seconds, nanos, length, data } of frames) {
      parts.push(packetBlock({ interface: 0, seconds, nanos, length, data }));
    }
    if (parts.length > 0) yield joinBytes(parts);
  }
}
