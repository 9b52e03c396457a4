/** Values in JSON by dot-path: `.end.sum_received.bytes`, `addrs.0`. */

/** A number as it was written; JSON.rawJSON() makes it. */
interface RawNumber {
  rawJSON: string;
}

const raw = JSON as unknown as {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Finds numbers that JavaScript may not represent exactly: those above 2^53 have 16 digits. */
const LONG_NUMBER = /\d{16}/;

/**
 * Parses JSON. Whole numbers above 2^53, such as counters of nanoseconds, keep all their digits.
 *
 * @throws {SyntaxError} If the text is not JSON.
 */
export function parseJson(text: string): unknown {
  const isLong = LONG_NUMBER.test(text);
  return isLong ? JSON.parse(text, exactNumber as never) : JSON.parse(text);
}

function exactNumber(_key: string, value: unknown, { source }: { source: string }): unknown {
  const isExact = typeof value !== "number" || Number.isSafeInteger(value);
  return isExact || !/^-?\d+$/.test(source) ? value : raw.rawJSON(source);
}

/**
 * Returns the value at a path; undefined if there is none.
 *
 * @param path Keys and array indices, separated by dots. The leading dot is optional; `.` is the whole
 * value.
 */
export function pick(value: unknown, path: string): unknown {
  const keys = path.replace(/^\./, "").split(".");
  if (keys.length === 1 && keys[0] === "") return value;
  let at = value;
  for (const key of keys) {
    if (typeof at !== "object" || at === null || raw.isRawJSON(at)) return undefined;
    if (Array.isArray(at) && !/^\d+$/.test(key)) return undefined;
    if (!Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** Returns a value as captures hold it: strings unchanged, other values as JSON. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  return raw.isRawJSON(value) ? value.rawJSON : JSON.stringify(value);
}

/** Returns whether a value has all values of `match`, by key or else by dot-path, compared as text. */
export function matches(value: unknown, match: Readonly<Record<string, string>>): boolean {
  return Object.entries(match).every(([path, expected]) => {
    const own = typeof value === "object" && value !== null && Object.hasOwn(value, path);
    const found = own ? (value as Record<string, unknown>)[path] : pick(value, path);
    return found !== undefined && valueText(found) === expected;
  });
}
