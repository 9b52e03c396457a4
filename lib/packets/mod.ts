/**
 * Captured packets: files of them (pcap, pcapng), their decoding into trees and one-line summaries,
 * filters, and the way of a packet through several captures. Pure, and safe for a browser: no Deno, no
 * Node, no package; imports `address` alone. Begin with `summary/summary.ts` and `decode.ts`;
 * `headers/headers.ts` says where the headers of a frame are, on which all others build.
 *
 * @module
 */
export {
  type CaptureFault,
  type CaptureInterface,
  type CaptureSecrets,
  Frame,
  TLS_KEY_LOG,
} from "./file/frame.ts";
export { type CaptureFile, CaptureReader, readCapture } from "./file/reader.ts";
export {
  type FrameOptions,
  interfaceBlock,
  type InterfaceOptions,
  packetBlock,
  type PcapngContent,
  secretsBlock,
  sectionBlock,
  type SectionOptions,
  writePcapng,
} from "./file/writer.ts";
export { decodeFrame } from "./decode.ts";
export type { PacketNode } from "./network/reader.ts";
export { Conversations } from "./summary/conversations.ts";
export { type Protocol, PROTOCOLS } from "./summary/protocols.ts";
export { type PacketSummary, summarise, summariseBytes } from "./summary/summary.ts";
export { asciiText, endpointText } from "./headers/address_text.ts";
export type { FilterNode, Side } from "./filter/ast.ts";
export { parseFilter, PROTOCOL_WORDS, TERM_WORDS } from "./filter/parse.ts";
export {
  filter,
  type FilterPredicate,
  type FilterSubject,
  predicateOf,
} from "./filter/predicate.ts";
export { FilterError } from "./filter/tokens.ts";
export { type Change, destinationText, sourceText } from "./trace/changes.ts";
export type { Form } from "./trace/identity.ts";
export { traceJourneys } from "./trace/journeys.ts";
export type {
  AddressOwner,
  Direction,
  Hop,
  Journey,
  Lost,
  OwnerOf,
  Sighting,
  TraceCapture,
  TraceOptions,
} from "./trace/types.ts";
