import { Cidr } from "../../lib/address/mod.ts";
import type { Dhcp6Message, MessageType, PrefixAssociation } from "../../lib/dhcp6/mod.ts";

const TYPES: MessageType[] = [
  "solicit",
  "advertise",
  "request",
  "confirm",
  "renew",
  "rebind",
  "reply",
  "release",
  "decline",
  "reconfigure",
  "information-request",
];

/** Draws messages, the same ones for the same seed (mulberry32). */
export function random(seed: number) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) >>> 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const maybe = <T>(value: () => T): T | undefined => next() < 0.5 ? value() : undefined;
  const exactly = (length: number) => Uint8Array.from({ length }, () => below(256));
  const list = <T>(most: number, value: () => T) => Array.from({ length: below(most + 1) }, value);
  const status = () => ({ code: below(7), text: "x".repeat(below(9)) });
  const prefix = () => {
    const length = below(129);
    const value = exactly(16).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
    return new Cidr(6, value - value % (1n << BigInt(128 - length)), length);
  };
  const association = (): PrefixAssociation => {
    const said = maybe(status);
    return {
      id: below(2 ** 32),
      renewSecs: below(2 ** 32),
      rebindSecs: below(2 ** 32),
      prefixes: list(3, () => ({
        prefix: prefix(),
        preferredSecs: below(2 ** 32),
        validSecs: below(2 ** 32),
      })),
      ...said && { status: said },
    };
  };
  const message = (): Dhcp6Message => {
    const parts = {
      clientId: maybe(() => exactly(3 + below(128))),
      serverId: maybe(() => exactly(3 + below(128))),
      preference: maybe(() => below(256)),
      elapsed: maybe(() => below(65_536)),
      requested: maybe(() => list(5, () => below(65_536))),
      status: maybe(status),
    };
    return {
      type: TYPES[below(TYPES.length)],
      transaction: below(2 ** 24),
      ...Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)),
      associations: list(3, association),
      // None of those that are read.
      others: list(2, () => ({ code: 100 + below(1_000), data: exactly(below(20)) })),
    };
  };
  const damaged = (bytes: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    for (let n = below(3); n >= 0; n--) copy[below(copy.length)] = below(256);
    if (next() < 0.3) return copy.slice(0, below(copy.length + 1));
    return next() < 0.3 ? Uint8Array.of(...copy, ...exactly(below(8))) : copy;
  };
  return { next, message, damaged, bytes: (most: number) => exactly(below(most + 1)) };
}
