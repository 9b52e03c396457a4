/**
 * The record of a failure: a directory, and the same as a zip file, with all that is needed to see why a
 * test failed. Imports `lab`, `drawing`, `events` and `files`. Begin with `recorded.ts`, which runs a
 * function with a lab and keeps its record if it fails; here is what a bundle says of the error.
 *
 * @module
 */

/** A line of a source file. */
export interface SourceLine {
  /** Its number, from 1. */
  number: number;
  text: string;
}

/** Where an error was thrown. */
export interface ErrorSource {
  /** The path of the file. */
  file: string;
  line: number;
  column: number;
  /** The line, and those around it. */
  lines: SourceLine[];
}

/** An error, as plain JSON data. */
export interface ErrorInfo {
  name: string;
  message: string;
  /** The stack trace, with the message at its head. */
  stack: string;
  /** The innermost place in the user's code; null where the stack has none that can be read. */
  source: ErrorSource | null;
  /** The cause of the error, and its cause, and so on, the outermost first. */
  causes: { name: string; message: string }[];
}

/** How many lines of source are shown on each side. */
const AROUND = 6;
/** How long a message, a stack or a line may be. */
const MAX_TEXT = 20_000;
const MAX_LINE = 400;
const MAX_CAUSES = 8;

/** A place in a stack trace. */
export interface Frame {
  file: string;
  line: number;
  column: number;
}

/**
 * Describes whatever was thrown.
 *
 * @param readText returns the text of a source file; undefined where it cannot be read
 * @param isOwn whether a file belongs to Netyard and not to the user
 */
export function errorInfo(
  thrown: unknown,
  readText: (file: string) => string | undefined,
  isOwn: (file: string) => boolean,
): ErrorInfo {
  const { name, message, stack } = parts(thrown);
  return {
    name,
    message: bounded(message, MAX_TEXT),
    stack: bounded(stack, MAX_TEXT),
    source: sourceOf(stack, readText, isOwn),
    causes: causesOf(thrown),
  };
}

function parts(thrown: unknown): { name: string; message: string; stack: string } {
  if (!(thrown instanceof Error)) {
    const message = typeof thrown === "string" ? thrown : Deno.inspect(thrown);
    return { name: "thrown value", message, stack: message };
  }
  const name = String(thrown.name);
  const message = String(thrown.message);
  return { name, message, stack: String(thrown.stack ?? `${name}: ${message}`) };
}

function causesOf(thrown: unknown): { name: string; message: string }[] {
  const causes = [];
  let cause = thrown instanceof Error ? thrown.cause : undefined;
  while (cause !== undefined && causes.length < MAX_CAUSES) {
    const { name, message } = parts(cause);
    causes.push({ name, message: bounded(message, MAX_TEXT) });
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** The places of a stack trace whose modules are files, the innermost first. */
export function framesOf(stack: string): Frame[] {
  return Array.from(
    stack.matchAll(/^ +at .*?(file:\/\/\/[^\s)]+):(\d+):(\d+)\)?$/gm),
    ([, url, line, column]) => ({ file: pathOf(url), line: Number(line), column: Number(column) }),
  ).filter(({ file }) => file !== "");
}

function pathOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return ""; // a percent sign that encodes nothing
  }
}

function sourceOf(
  stack: string,
  readText: (file: string) => string | undefined,
  isOwn: (file: string) => boolean,
): ErrorSource | null {
  for (const frame of framesOf(stack)) {
    if (isOwn(frame.file)) continue;
    const text = readText(frame.file);
    if (text !== undefined) return { ...frame, lines: linesAround(text, frame.line) };
  }
  return null;
}

function linesAround(text: string, line: number): SourceLine[] {
  const first = Math.max(1, line - AROUND);
  return text.split("\n").slice(first - 1, line + AROUND)
    .map((text, i) => ({ number: first + i, text: bounded(text, MAX_LINE) }));
}

function bounded(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length)} … (cut, ${text.length} characters)`;
}
