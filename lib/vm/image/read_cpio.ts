const HEADER_SIZE = 110;
const TYPE = 0o170000;
const REGULAR = 0o100000;

/** The files of a "newc" archive, by their paths; links, directories and devices are left out. */
export function readCpio(archive: Uint8Array): Map<string, Uint8Array> {
  const decoder = new TextDecoder();
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + HEADER_SIZE <= archive.length;) {
    const field = (index: number) =>
      parseInt(decoder.decode(archive.subarray(at + 6 + 8 * index, at + 14 + 8 * index)), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const start = padded(at + HEADER_SIZE + nameSize);
    const path = decoder.decode(
      archive.subarray(at + HEADER_SIZE, at + HEADER_SIZE + nameSize - 1),
    );
    if (path === "TRAILER!!!" || Number.isNaN(start)) break;
    if ((mode & TYPE) === REGULAR) files.set(path, archive.subarray(start, start + size));
    at = padded(start + size);
  }
  return files;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}
