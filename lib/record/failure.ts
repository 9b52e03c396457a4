/** An error of a run, for `run.json`. */
export interface RunFailure {
  name: string;
  message: string;
  stack: string;
  /** The place in the user's own code, with the lines around it. */
  source: SourceExcerpt | null;
  /** The cause of the error, its cause, and so on, the outermost first. */
  causes: { name: string; message: string }[];
}

/** Lines of a source file. */
export interface SourceExcerpt {
  /** The path of the file. */
  file: string;
  /** The number of the line that failed, from 1. */
  line: number;
  /** Lines around it, each with its number. */
  lines: [number, string][];
}

/** A line of a file. */
export interface Place {
  file: string;
  /** From 1. */
  line: number;
}

/** An error of a test may contain a whole log. */
const MOST_TEXT = 65_536;
const MOST_LINE = 400;
const MOST_CAUSES = 8;
const MOST_FILE_BYTES = 4 * 2 ** 20;
/** Lines before and after the one that failed. */
const AROUND = 6;

/** Frames in these folders of the package are not the user's code. */
const OWN = ["lib/", "native/", "mod.ts"].map((path) =>
  new URL(`../../${path}`, import.meta.url).href
);

/**
 * Returns the first place of a stack that is in a file and outside of some folders.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const stack = "Error: x\n    at f (file:///netyard/lib/lab.ts:3:1)\n    at file:///a%20b/t.ts:7:9";
 * assertEquals(placeOf(stack, ["file:///netyard/lib/"]), { file: "/a b/t.ts", line: 7 });
 * ```
 */
export function placeOf(
  stack: string,
  outside: readonly string[] = OWN,
): Place | undefined {
  for (const [, url, line] of stack.matchAll(/^ +at .*?(file:\/\/\/\S+?):(\d+):\d+\)?$/gm)) {
    if (outside.some((folder) => url.startsWith(folder))) continue;
    const file = pathOf(url);
    if (file !== undefined) return { file, line: Number(line) };
  }
}

function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return undefined; // A percent sign in it encodes nothing.
  }
}

/** Returns the lines around a line of a text. */
export function excerpt(text: string, line: number): [number, string][] {
  const first = Math.max(1, line - AROUND);
  return text.split("\n").slice(first - 1, line + AROUND)
    .map((text, n) => [first + n, text.slice(0, MOST_LINE)]);
}

/**
 * Describes what was thrown, with the source around the place in the user's code if it can be read.
 *
 * @param at the place; default: that in the stack trace
 */
export async function describeFailure(thrown: unknown, at?: Place): Promise<RunFailure> {
  const { name, message, stack } = partsOf(thrown);
  const causes = causesOf(thrown);
  const stacks = [stack, ...causes.map(({ stack }) => stack)];
  const place = at ?? stacks.map((stack) => placeOf(stack)).find((place) => place !== undefined);
  return {
    name,
    message,
    stack,
    source: place ? await readSource(place) : null,
    causes: causes.map(({ name, message }) => ({ name, message })),
  };
}

type Parts = Pick<RunFailure, "name" | "message" | "stack">;

function partsOf(thrown: unknown): Parts {
  const cut = (text: unknown) => String(text ?? "").slice(0, MOST_TEXT);
  if (thrown instanceof Error) {
    return { name: cut(thrown.name), message: cut(thrown.message), stack: cut(thrown.stack) };
  }
  const message = cut(typeof thrown === "string" ? thrown : Deno.inspect(thrown));
  return { name: "thrown value", message, stack: message };
}

/** Causes may go in a circle. */
function causesOf(thrown: unknown): Parts[] {
  const causes: Parts[] = [];
  let cause = thrown instanceof Error ? thrown.cause : undefined;
  while (cause !== undefined && causes.length < MOST_CAUSES) {
    causes.push(partsOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

async function readSource(place: Place): Promise<SourceExcerpt | null> {
  try {
    const { isFile, size } = await Deno.stat(place.file);
    if (!isFile || size > MOST_FILE_BYTES) return null;
    return { ...place, lines: excerpt(await Deno.readTextFile(place.file), place.line) };
  } catch {
    return null; // It is gone, or this process may not read it.
  }
}
