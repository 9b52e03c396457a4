/** Returns an ELF file for x86-64 with only these sections. */
export function elfWith(sections: Record<string, Uint8Array | string>): Uint8Array {
  const encoder = new TextEncoder();
  const names = ["", ...Object.keys(sections), ".shstrtab"];
  const strings = encoder.encode(names.map((name) => `${name}\0`).join(""));
  const contents = [
    new Uint8Array(),
    ...Object.values(sections).map((text) =>
      typeof text === "string" ? encoder.encode(text) : text
    ),
    strings,
  ];
  const table = 64 + contents.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(table + 64 * names.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, names.length, true);
  view.setUint16(62, names.length - 1, true);
  let at = 64;
  let nameAt = 0;
  contents.forEach((content, index) => {
    const entry = table + 64 * index;
    file.set(content, at);
    view.setUint32(entry, nameAt, true);
    view.setUint32(entry + 4, index === 0 ? 0 : 1, true);
    view.setBigUint64(entry + 24, BigInt(at), true);
    view.setBigUint64(entry + 32, BigInt(content.length), true);
    at += content.length;
    nameAt += names[index].length + 1;
  });
  return file;
}

/** Returns a kernel module with this metadata. */
export function moduleFile(lines: string[]): Uint8Array {
  return elfWith({ ".text": "code", ".modinfo": lines.map((line) => `${line}\0`).join("") });
}
