import { NetyardError } from "../../../native/error.ts";

/** A file in a volume's root directory. */
export interface FatFile {
  /** ASCII only. */
  name: string;
  data: Uint8Array;
}

/** The files do not fit on a volume. */
export class FatError extends NetyardError {}

const SECTOR = 512;
const RESERVED = 1;
const FATS = 2;
const ROOT_ENTRIES = 512;
const ENTRY = 32;
const ROOT_SECTORS = ROOT_ENTRIES * ENTRY / SECTOR;
// The number of clusters alone distinguishes FAT16 from FAT12 and FAT32.
const LEAST_CLUSTERS = 4_200;
const MOST_CLUSTERS = 65_000;
const MEDIA = 0xf8;
const END_OF_CHAIN = 0xffff;

const ARCHIVE = 0x20;
const VOLUME = 0x08;
const LONG_NAME = 0x0f;
// 1 January 1980, the first day that FAT can express.
const DATE = 0x0021;

const encoder = new TextEncoder();

/**
 * Makes a FAT16 volume with files in its root directory, under their long names. The same files give the
 * same bytes.
 *
 * Own code, since hosts have no program for it by default (dosfstools, xorriso), and QEMU's `vvfat` is
 * missing in the builds of some distributions.
 *
 * @param label At most 11 characters, in capitals.
 * @throws {FatError} If the files are more than 31 MiB, or too many.
 *
 * Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03.
 */
export function fatVolume(label: string, files: readonly FatFile[]): Uint8Array<ArrayBuffer> {
  const needed = files.map(({ data }) => Math.ceil(data.length / SECTOR));
  const clusters = Math.max(LEAST_CLUSTERS, needed.reduce((sum, count) => sum + count, 0));
  if (clusters > MOST_CLUSTERS) {
    throw new FatError(
      `${clusters * SECTOR} bytes of files do not fit on a FAT16 volume; ` +
        `it can have ${MOST_CLUSTERS * SECTOR} bytes`,
    );
  }
  const fatSectors = Math.ceil((clusters + 2) * 2 / SECTOR);
  const rootStart = RESERVED + FATS * fatSectors;
  const dataStart = rootStart + ROOT_SECTORS;
  const sectors = dataStart + clusters;
  const image = new Uint8Array(sectors * SECTOR);

  const fat = new Uint16Array(clusters + 2);
  fat[0] = 0xff00 | MEDIA;
  fat[1] = END_OF_CHAIN;
  const entries: Uint8Array[] = [shortEntry(padded(label), VOLUME, 0, 0)];
  let next = 2;
  files.forEach(({ name, data }, index) => {
    const first = needed[index] === 0 ? 0 : next;
    for (let i = 0; i < needed[index]; i++, next++) {
      fat[next] = i + 1 === needed[index] ? END_OF_CHAIN : next + 1;
    }
    image.set(data, (dataStart + Math.max(first - 2, 0)) * SECTOR);
    // Readers use the long name; the short one only has to be unique.
    const short = padded(`FILE${index}`);
    entries.push(...longEntries(name, short), shortEntry(short, ARCHIVE, first, data.length));
  });
  if (entries.length > ROOT_ENTRIES) {
    throw new FatError(`${files.length} files do not fit into the root directory of FAT16`);
  }
  image.set(bootSector(label, sectors, fatSectors));
  const table = new DataView(image.buffer);
  for (let copy = 0; copy < FATS; copy++) {
    const start = (RESERVED + copy * fatSectors) * SECTOR;
    fat.forEach((value, i) => table.setUint16(start + 2 * i, value, true));
  }
  entries.forEach((entry, i) => image.set(entry, rootStart * SECTOR + i * ENTRY));
  return image;
}

function padded(name: string): string {
  return name.padEnd(11);
}

function bootSector(label: string, sectors: number, fatSectors: number): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  const view = new DataView(sector.buffer);
  sector.set([0xeb, 0x3c, 0x90]); // a jump over what follows
  sector.set(encoder.encode("NETYARD "), 3);
  view.setUint16(11, SECTOR, true);
  sector[13] = 1; // sectors per cluster
  view.setUint16(14, RESERVED, true);
  sector[16] = FATS;
  view.setUint16(17, ROOT_ENTRIES, true);
  view.setUint16(19, sectors < 0x10000 ? sectors : 0, true);
  sector[21] = MEDIA;
  view.setUint16(22, fatSectors, true);
  view.setUint16(24, 32, true); // sectors per track, and heads: not used any more
  view.setUint16(26, 64, true);
  view.setUint32(32, sectors < 0x10000 ? 0 : sectors, true);
  sector[36] = 0x80; // a fixed disk
  sector[38] = 0x29; // the next three fields are present
  view.setUint32(39, 0x4e595244, true);
  sector.set(encoder.encode(padded(label)), 43);
  sector.set(encoder.encode("FAT16   "), 54);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

function shortEntry(name: string, attributes: number, first: number, size: number): Uint8Array {
  const entry = new Uint8Array(ENTRY);
  const view = new DataView(entry.buffer);
  entry.set(encoder.encode(name));
  entry[11] = attributes;
  for (const at of [16, 18, 24]) view.setUint16(at, DATE, true);
  view.setUint16(26, first, true);
  view.setUint32(28, size, true);
  return entry;
}

/** The offsets of the 13 characters of a long name in an entry. */
const PLACES = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/** Returns the entries of a long name; its last part comes first. */
function longEntries(name: string, short: string): Uint8Array[] {
  const units = [...name].map((character) => character.charCodeAt(0));
  const checksum = encoder.encode(short).reduce(
    (sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff,
    0,
  );
  const count = Math.ceil(units.length / PLACES.length);
  return Array.from({ length: count }, (_, i) => {
    const part = count - 1 - i;
    const entry = new Uint8Array(ENTRY);
    const view = new DataView(entry.buffer);
    entry[0] = (part + 1) | (i === 0 ? 0x40 : 0);
    entry[11] = LONG_NAME;
    entry[13] = checksum;
    PLACES.forEach((at, j) => {
      const index = part * PLACES.length + j;
      view.setUint16(
        at,
        index < units.length ? units[index] : index === units.length ? 0 : 0xffff,
        true,
      );
    });
    return entry;
  });
}
