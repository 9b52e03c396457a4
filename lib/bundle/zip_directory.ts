import { replaceFile } from "../files/atomic.ts";

const CHUNK_BYTES = 2 ** 20;

/**
 * Packs the plain files of a directory into a zip file, which is there whole or not at all. Files are read
 * piece by piece; links are left out.
 *
 * @throws the error of the file system; no zip file is left then.
 */
export async function zipDirectory(directory: string, zip: string): Promise<void> {
  // A script that fails no test needs no archiver.
  const { Zip, ZipDeflate } = await import("fflate");
  await replaceFile(zip, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    const pieces: Uint8Array[] = [];
    let failure: Error | undefined;
    const archive = new Zip((error, piece) => {
      if (error) failure ??= error;
      else pieces.push(piece);
    });
    const drain = async () => {
      if (failure) throw failure;
      for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
        for (let rest = piece; rest.length > 0;) rest = rest.subarray(await file.write(rest));
      }
    };
    for (const path of await plainFiles(directory)) {
      const entry = new ZipDeflate(path, { level: 6 });
      archive.add(entry);
      using source = await Deno.open(`${directory}/${path}`);
      const buffer = new Uint8Array(CHUNK_BYTES);
      for (let size = await source.read(buffer); size !== null; size = await source.read(buffer)) {
        entry.push(buffer.slice(0, size));
        await drain();
      }
      entry.push(new Uint8Array(), true);
      await drain();
    }
    archive.end();
    await drain();
  });
}

/** The paths of the plain files below a directory, sorted, relative to it. */
export async function plainFiles(directory: string, below = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isFile, isDirectory } of Deno.readDir(`${directory}/${below}`)) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isFile) paths.push(path);
    else if (isDirectory) paths.push(...await plainFiles(directory, path));
  }
  return paths.sort();
}
