// The part of dns-packet that DNS64 uses. The types on npm need those of Node.js, which conflict with Deno's.
import type { Buffer } from "node:buffer";

export interface Question {
  type: string;
  name: string;
  class?: string;
}

export interface PlainAnswer {
  type: "A" | "AAAA" | "CNAME" | "DNAME" | "PTR" | "NS" | "TXT";
  name: string;
  ttl?: number;
  class?: string;
  data: string;
}

export interface OptAnswer {
  type: "OPT";
  name: ".";
  udpPayloadSize: number;
  extendedRcode: number;
  ednsVersion: number;
  flags: number;
  flag_do: boolean;
  options: unknown[];
}

export type Answer = PlainAnswer | OptAnswer;

export interface Packet {
  type?: "query" | "response";
  id?: number;
  flags?: number;
  questions?: Question[];
  answers?: Answer[];
  authorities?: Answer[];
  additionals?: Answer[];
}

export interface DecodedPacket extends Packet {
  flag_aa: boolean;
  flag_rd: boolean;
  flag_ra: boolean;
}

declare const dnsPacket: {
  decode(bytes: Buffer): DecodedPacket;
  encode(packet: Packet): Buffer;
};
export default dnsPacket;
