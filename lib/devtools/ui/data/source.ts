/**
 * What the views show, loaded and watched: `source.ts` is where files come from, a server or the page itself;
 * the models keep what was read and follow what grows. Imports `../../model`. Begin here.
 *
 * @module
 */
import type { DissectAnswer, FilesAnswer, RunFile, RunsAnswer } from "../../model/types.ts";

/** A part of a file that was read. */
export interface FilePart {
  bytes: Uint8Array;
  /** Where it begins. */
  from: number;
  /** The size of the whole file. */
  size: number;
}

/** What is called as files of a run grow. */
export interface Follower {
  /** The next bytes of a file, complete lines; `from` is where they begin. */
  data(file: number, bytes: Uint8Array, from: number): void;
  /** The file begins again: it was replaced or emptied. */
  restart(file: number): void;
  /** The status of the run, or the list of its files, changed. */
  files(answer: FilesAnswer): void;
  /** The directory of the run is not there any more. */
  gone(): void;
  /** Whether the connection to the server is up. */
  connected(is: boolean): void;
}

/** Where the page gets runs from: a server, or the page itself. */
export interface Source {
  /** Whether runs can grow. */
  readonly live: boolean;
  runs(): Promise<RunsAnswer>;
  files(run: string): Promise<FilesAnswer>;
  /** Reads from an offset: as much as one answer has, at most `most` bytes. Undefined without such a file. */
  read(run: string, path: string, from: number, most?: number): Promise<FilePart | undefined>;
  /** Follows files from these offsets; returns a function that ends it. */
  follow(run: string, paths: string[], from: number[], follower: Follower): () => void;
  /** Asks tshark for the fields of the packet of a capture at `seconds.nanos`; absent without a server. */
  dissect?(run: string, path: string, at: string): Promise<DissectAnswer>;
}

/** Reads a JSON file of a run; undefined if it is missing or damaged. */
export async function readJson(source: Source, run: string, path: string): Promise<unknown> {
  const part = await source.read(run, path, 0).catch(() => undefined);
  if (!part) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(part.bytes));
  } catch {
    return undefined;
  }
}

/** Reads a JSON file of a run if it is one of its files. */
export async function readListed(
  { source, id, files }: { source: Source; id: string; files: readonly RunFile[] },
  path: string,
): Promise<unknown> {
  return fileAt(files, path) && await readJson(source, id, path);
}

/** Finds a file of a run by its path. */
export function fileAt(files: readonly RunFile[], path: string): RunFile | undefined {
  return files.find((file) => file.path === path);
}
