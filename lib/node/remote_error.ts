/** Errors across threads: structured clone keeps too little of them. */

/** An error as plain data. */
export interface ErrorData {
  name: string;
  message: string;
  stack?: string;
  /** Own properties that can be cloned, such as `code`. */
  properties: Record<string, unknown>;
  cause?: unknown;
  /** The cause is itself an encoded error. */
  causeIsError?: boolean;
  /** A DOMException, whose class its name does not tell. */
  isDomException?: true;
  /** Of an AggregateError. */
  errors?: ErrorData[];
}

/** A value that was thrown: an error, or anything else. */
export type Thrown = { error: ErrorData } | { value: unknown };

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

export function encodeThrown(thrown: unknown): Thrown {
  if (thrown instanceof Error) return { error: encodeError(thrown) };
  return { value: cloneable(thrown) ? thrown : String(thrown) };
}

function encodeError(error: Error): ErrorData {
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (key !== "cause" && key !== "errors" && cloneable(value)) properties[key] = value;
  }
  const data: ErrorData = {
    isDomException: error instanceof DOMException || undefined,
    name: error.name,
    message: error.message,
    stack: error.stack,
    properties,
  };
  if (error.cause instanceof Error) {
    data.cause = encodeError(error.cause);
    data.causeIsError = true;
  } else if (error.cause !== undefined && cloneable(error.cause)) {
    data.cause = error.cause;
  }
  if (error instanceof AggregateError) {
    data.errors = error.errors.map((e) =>
      encodeError(e instanceof Error ? e : new Error(String(e)))
    );
  }
  return data;
}

/**
 * Makes the error again, of its class where that is one of JavaScript's or
 * Deno's, with the stack of the thread where it was thrown and, below it, that
 * of the call that sent it there.
 */
export function decodeThrown(thrown: Thrown, sentFrom: string): unknown {
  if ("value" in thrown) return thrown.value;
  const error = decodeError(thrown.error);
  error.stack = `${error.stack}\n    --- sent from ---\n${
    sentFrom.split("\n").slice(1).join("\n")
  }`;
  return error;
}

function decodeError(data: ErrorData): Error {
  const classes = { ...Deno.errors } as Record<string, new (message: string) => Error>;
  const global = (globalThis as unknown as Record<string, unknown>)[data.name];
  let error: Error;
  if (data.isDomException) {
    error = new DOMException(data.message, data.name);
  } else if (data.errors) {
    error = new AggregateError(data.errors.map(decodeError), data.message);
  } else if (classes[data.name]) {
    error = new classes[data.name](data.message);
  } else if (typeof global === "function" && global.prototype instanceof Error) {
    error = new (global as new (message: string) => Error)(data.message);
  } else {
    error = new Error(data.message);
  }
  if (error.name !== data.name) {
    Object.defineProperty(error, "name", { value: data.name, configurable: true, writable: true });
  }
  Object.assign(error, data.properties);
  if ("cause" in data) {
    const cause = data.causeIsError ? decodeError(data.cause as ErrorData) : data.cause;
    Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  }
  error.stack = data.stack;
  return error;
}
