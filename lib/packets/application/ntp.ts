import { asciiText, ip4Text } from "../headers/address_text.ts";
import { type FieldReader, named } from "../network/reader.ts";

const MODES: Readonly<Record<number, string>> = {
  1: "symmetric active",
  2: "symmetric passive",
  3: "client",
  4: "server",
  5: "broadcast",
  6: "control",
  7: "private",
};

/** The year in which NTP counts from, in seconds before 1970. */
const EPOCH_SECONDS = 2_208_988_800;

/** Reads NTP, and returns one line about it (RFC 5905 7.3). */
export function decodeNtp(part: FieldReader): string {
  const first = part.u8(
    "Leap, version, mode",
    (value) => `${value >> 6}, ${value >> 3 & 7}, ${named(MODES)(value & 7)}`,
  );
  const mode = first & 7;
  const info = `NTP Version ${first >> 3 & 7}, ${MODES[mode] ?? `mode ${mode}`}`;
  if (mode < 1 || mode > 5) {
    part.rest("Content");
    return info;
  }
  const stratum = part.u8("Stratum");
  part.u8("Poll", (value) => `${signed(value)}, 2^n s`);
  part.u8("Precision", (value) => `${signed(value)}, 2^n s`);
  const short = (value: number) => `${(value / 65_536).toFixed(6)} s`;
  part.u32("Root delay", short);
  part.u32("Root dispersion", short);
  if (part.has(4)) {
    const { bytes, at } = part;
    const id = stratum < 2 ? asciiText(bytes, at, at + 4) : ip4Text(bytes, at);
    part.node("Reference", id, at, at + 4);
    part.at += 4;
  }
  for (const label of ["Reference time", "Origin time", "Receive time", "Transmit time"]) {
    time(part, label);
  }
  part.rest("Extensions");
  return info;
}

const signed = (byte: number) => byte << 24 >> 24;

function time(part: FieldReader, label: string): void {
  if (!part.has(8)) return;
  const view = new DataView(part.bytes.buffer, part.bytes.byteOffset + part.at, 8);
  const [seconds, fraction] = [view.getUint32(0), view.getUint32(4)];
  const text = seconds === 0 && fraction === 0
    ? "none"
    : new Date((seconds - EPOCH_SECONDS) * 1000 + fraction / 2 ** 32 * 1000).toISOString();
  part.node(label, text, part.at, part.at + 8);
  part.at += 8;
}
