/** The header of a section. */
interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
}

const SHT_NOBITS = 8;
const SHT_DYNAMIC = 6;
const DT_NEEDED = 1n;

/** Whether bytes are a 64-bit little-endian ELF file. */
export function isElf(file: Uint8Array): boolean {
  return file.length >= 64 && [0x7f, 0x45, 0x4c, 0x46, 2, 1].every((byte, i) => file[i] === byte);
}

/** Returns the bytes of a section of an ELF file; undefined if there is none of that name. */
export function elfSection(file: Uint8Array, name: string): Uint8Array | undefined {
  const section = sections(file).find((section) => section.name === name);
  return section && file.subarray(section.offset, section.offset + section.size);
}

/** Returns the libraries that an ELF file needs, and its loader, if it names one. */
export function elfDependencies(file: Uint8Array): { libraries: string[]; loader?: string } {
  const all = sections(file);
  const interpreter = all.find(({ name }) => name === ".interp");
  const loader = interpreter && textAt(file, interpreter.offset);
  const dynamic = all.find(({ type }) => type === SHT_DYNAMIC);
  if (!dynamic) return { libraries: [], loader };
  const names = all[dynamic.link];
  const view = viewOf(file);
  const libraries: string[] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    if (view.getBigUint64(at, true) !== DT_NEEDED) continue;
    libraries.push(textAt(file, names.offset + Number(view.getBigUint64(at + 8, true))));
  }
  return { libraries, loader };
}

// The layout of Elf64_Ehdr and Elf64_Shdr: elf(5).
function sections(file: Uint8Array): Section[] {
  if (!isElf(file)) return [];
  const view = viewOf(file);
  const table = Number(view.getBigUint64(40, true));
  const [entrySize, count, namesIndex] = [58, 60, 62].map((at) => view.getUint16(at, true));
  const at = (index: number) => table + index * entrySize;
  const offset = (index: number) => Number(view.getBigUint64(at(index) + 24, true));
  return Array.from({ length: count }, (_, index) => {
    const type = view.getUint32(at(index) + 4, true);
    return {
      name: textAt(file, offset(namesIndex) + view.getUint32(at(index), true)),
      type,
      offset: offset(index),
      size: type === SHT_NOBITS ? 0 : Number(view.getBigUint64(at(index) + 32, true)),
      link: view.getUint32(at(index) + 40, true),
    };
  });
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

function textAt(file: Uint8Array, start: number): string {
  return new TextDecoder().decode(file.subarray(start, file.indexOf(0, start)));
}
