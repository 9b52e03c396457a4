/** A line of a stack trace. */
export interface StackFrame {
  /** The function; empty at the top of a module. */
  name: string;
  /** The address of the file, as a path if it is one of this host. */
  file: string;
  line: number | null;
  column: number | null;
  /** Whether it is in Netyard, in Deno or in a package: not in what the reader wrote. */
  foreign: boolean;
}

/** The most frames that are shown. */
const MOST = 100;

const FRAME = /^\s*at (?:async (?=\S+$))?(?:(.*?) \()?(\S+?)(?::(\d+):(\d+))?\)?$/;

/** Files of Netyard that call what a user wrote, below the folder of the package. */
const CALLERS = /^(.*\/)lib\/(?:bundle\/recorded|testing\/lab_test|testing\/lab_fixture)\.ts$/;

/** Folders of the package that the user did not write. */
const OWN = /^(?:lib|native)\/|^mod\.ts$/;

/**
 * Reads the frames of a stack trace, as V8 writes it.
 *
 * @param source the file with the place that failed, which is never foreign
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [frame] = framesOf("Error: x\n    at meet (file:///a/peers_test.ts:7:9)");
 * assertEquals(frame, {
 *   name: "meet",
 *   file: "/a/peers_test.ts",
 *   line: 7,
 *   column: 9,
 *   foreign: false,
 * });
 * ```
 */
export function framesOf(stack: string, source?: string): StackFrame[] {
  const found: StackFrame[] = [];
  for (const line of stack.split("\n")) {
    const match = /^\s+at /.test(line) ? FRAME.exec(line) : null;
    if (!match) continue;
    const [, name = "", url, row, column] = match;
    found.push({
      name,
      file: pathOf(url),
      line: row === undefined ? null : Number(row),
      column: column === undefined ? null : Number(column),
      foreign: !url.startsWith("file:///"),
    });
    if (found.length >= MOST) break;
  }
  for (const root of rootsOf(found, source)) {
    for (const frame of found) {
      const inside = frame.file.startsWith(root) && OWN.test(frame.file.slice(root.length));
      if (inside && frame.file !== source) frame.foreign = true;
    }
  }
  return found;
}

/** The folders of Netyard in a stack: those of frames that call tests, or come before the user's place. */
function rootsOf(frames: readonly StackFrame[], source: string | undefined): Set<string> {
  const roots = new Set<string>();
  const place = frames.findIndex(({ file }) => file === source);
  for (const [i, { file }] of frames.entries()) {
    const caller = CALLERS.exec(file)?.[1];
    if (caller !== undefined) roots.add(caller);
    const called = i < place ? /^(.*?\/)(?:lib|native)\//.exec(file)?.[1] : undefined;
    if (called !== undefined) roots.add(called);
  }
  return roots;
}

function pathOf(url: string): string {
  if (!url.startsWith("file:///")) return url;
  try {
    return decodeURIComponent(url.slice("file://".length));
  } catch {
    return url.slice("file://".length);
  }
}
