import type { RunFile } from "../model/types.ts";
import { listFoundFiles, openFoundFile } from "./bundle_files.ts";
import { ServeError } from "./errors.ts";
import { findRuns } from "./find_runs.ts";
import { pageWith } from "./page.ts";
import { readPart } from "./read_bounded.ts";
import { isCapture } from "./run_files.ts";

/** The most bytes of one file, and of all files, that the page has, before compression. */
const LARGEST_FILE = 64 << 20;
const LARGEST_PAGE = 256 << 20;

/** The most bytes of captures that the page has, before compression; the smallest ones come first. */
const LARGEST_CAPTURES = 48 << 20;

/** A file in the data of a static page. */
export interface EmbeddedFile {
  run: string;
  path: string;
  /** The size of the whole file. */
  size: number;
  /** Where the part that the page has begins in the file, and how long it is. */
  from: number;
  length: number;
}

/**
 * Makes one HTML file of the runs of a folder, which opens without a server. The data is compressed. Of a
 * log that is too large, the page has the last part. It has captures of up to 48 MiB, the smallest ones first;
 * the Packets view names those that are left out.
 *
 * @param captures The most bytes of captures.
 * @throws {ServeError} there are no runs
 */
export async function staticPage(root: string, captures = LARGEST_CAPTURES): Promise<string> {
  const found = await findRuns(root);
  const { answer, directories } = found;
  if (directories.size === 0) {
    throw new ServeError(`there is no run in ${root}: no folder in it has an events.jsonl`);
  }
  const files: EmbeddedFile[] = [];
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let free = LARGEST_PAGE;
  let freeForCaptures = captures;
  let withoutCaptures = 0;
  for (const run of directories.keys()) {
    const listed = await listFoundFiles(found, run);
    const size = (file: RunFile) => isCapture(file.path) ? file.size : -1;
    for (const { path } of listed.sort((a, b) => size(a) - size(b))) {
      using open = await openFoundFile(found, run, path);
      if (!open) continue;
      let most = Math.min(LARGEST_FILE, free, open.size);
      if (isCapture(path)) {
        // A part of a capture would look like the whole.
        if (open.size > Math.min(freeForCaptures, free)) most = 0;
        freeForCaptures -= most;
        if (most < open.size) withoutCaptures++;
      }
      // Of events, the beginning is needed; of a log, the end is what is looked for first.
      const from = path.endsWith(".log") ? open.size - most : 0;
      const bytes = await readPart(open, from, most);
      free -= bytes.length;
      files.push({ run, path, size: open.size, from, length: bytes.length });
      parts.push(bytes);
    }
  }
  if (withoutCaptures > 0) {
    answer.problems.push(
      `${withoutCaptures} captures are not in this page: together they would be too large`,
    );
  }
  if (free === 0) answer.problems.push("not all logs are in this page: they are too large");
  const head = new TextEncoder().encode(JSON.stringify({ answer, files }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  const stream = new Blob([length, head, ...parts]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  return pageWith(packed.toBase64()).html;
}
