/** Errors across threads: structured clone keeps too little of them. */

/** An error as plain data. Errors may refer to each other in circles, and so may these. */
export interface ErrorData {
  name: string;
  message: string;
  stack?: string;
  /** Of the classes that cannot be found by their name alone. */
  kind?: "AggregateError" | "SuppressedError" | "DOMException";
  /** Own properties, such as `code` and `cause`; those that cannot be cloned are left out. */
  properties: [key: string, value: Thrown, enumerable: boolean][];
}

/** A value that was thrown: an error, errors in a list, or anything else. */
export type Thrown = { error: ErrorData } | { list: Thrown[] } | { value: unknown };

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Converts any thrown value to plain data for a message. */
export function encodeThrown(thrown: unknown, seen: Map<Error, ErrorData> = new Map()): Thrown {
  if (thrown instanceof Error) return { error: encodeError(thrown, seen) };
  if (Array.isArray(thrown) && thrown.some((item) => item instanceof Error)) {
    return { list: thrown.map((item) => encodeThrown(item, seen)) };
  }
  return { value: cloneable(thrown) ? thrown : String(thrown) };
}

function encodeError(error: Error, seen: Map<Error, ErrorData>): ErrorData {
  const known = seen.get(error);
  if (known) return known;
  const data: ErrorData = {
    name: String(error.name),
    message: String(error.message),
    stack: typeof error.stack === "string" ? withoutOwnFrames(error.stack) : undefined,
    kind: kindOf(error),
    properties: [],
  };
  seen.set(error, data);
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === "stack" || key === "message" || key === "name") continue;
    const { value, enumerable = false } = Object.getOwnPropertyDescriptor(error, key) ?? {};
    if (value === undefined || typeof value === "function") continue;
    const encoded = encodeThrown(value, seen);
    const kept = !("value" in encoded) || encoded.value === value;
    if (kept) data.properties.push([key, encoded, enumerable]);
  }
  return data;
}

function kindOf(error: Error): ErrorData["kind"] {
  if (error instanceof DOMException) return "DOMException";
  if (error instanceof AggregateError) return "AggregateError";
  if (error instanceof SuppressedError) return "SuppressedError";
}

/**
 * Recreates the error, with its class if that is one of JavaScript or Deno, with the stack of the thread
 * that threw it and, below, the stack of the call that sent the function.
 */
export function decodeThrown(thrown: Thrown, sentFrom = ""): unknown {
  const value = decode(thrown, new Map());
  if (value instanceof Error && sentFrom) {
    value.stack = `${value.stack}\n    --- sent from ---\n${sentFrom}`;
  }
  return value;
}

function decode(thrown: Thrown, seen: Map<ErrorData, Error>): unknown {
  if ("value" in thrown) return thrown.value;
  if ("list" in thrown) return thrown.list.map((item) => decode(item, seen));
  return decodeError(thrown.error, seen);
}

function decodeError(data: ErrorData, seen: Map<ErrorData, Error>): Error {
  const known = seen.get(data);
  if (known) return known;
  const error = construct(data);
  seen.set(data, error);
  const define = (key: string, value: unknown, enumerable = false) =>
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  if (error.name !== data.name) define("name", data.name);
  for (const [key, value, enumerable] of data.properties) {
    define(key, decode(value, seen), enumerable);
  }
  define("stack", data.stack);
  return error;
}

function construct({ name, message, kind }: ErrorData): Error {
  if (kind === "DOMException") return new DOMException(message, name);
  if (kind === "AggregateError") return new AggregateError([], message);
  if (kind === "SuppressedError") return new SuppressedError(undefined, undefined, message);
  const denoErrors: Record<string, unknown> = { ...Deno.errors };
  const globals = globalThis as unknown as Record<string, unknown>;
  for (const found of [denoErrors[name], globals[name]]) {
    if (typeof found === "function" && found.prototype instanceof Error) {
      return new (found as new (message: string) => Error)(message);
    }
  }
  return new Error(message);
}

const OWN: string = new URL("../", import.meta.url).href;

/** Returns the frames of a stack that belong to user code: without those of this folder at the top. */
export function userFrames(stack: string | undefined): string {
  return (stack ?? "").split("\n").slice(1).filter((line) => !line.includes(OWN)).join("\n");
}

/** Returns a stack without the frames below the function that was sent here. */
function withoutOwnFrames(stack: string): string {
  const lines = stack.split("\n");
  // The script of a task is a blob.
  const end = lines.findIndex((line) =>
    line.includes(import.meta.resolve("./worker_main.ts")) || /\bblob:null\//.test(line)
  );
  return end < 1 ? stack : lines.slice(0, end).join("\n");
}
