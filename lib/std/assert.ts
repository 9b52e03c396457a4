/**
 * A stand-in for `jsr:@std/assert`, for machines that reach npm and not JSR: the assertions that
 * the tests use, with the names, argument orders and meanings of
 * {@link https://github.com/denoland/std/tree/main/assert | @std/assert}, over
 * `node:assert/strict`.
 */

import nodeAssert from "node:assert/strict";
import { inspect, isDeepStrictEqual, stripVTControlCharacters } from "node:util";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** Always `"AssertionError"`. */
  override name = "AssertionError";
}

/** The values that {@linkcode assertFalse} accepts. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** A class whose instances are `T`. */
export type AnyConstructor<T = unknown> = abstract new (...args: never[]) => T;

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = "Expected a truthy value."): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that `expr` is falsy. */
export function assertFalse(
  expr: unknown,
  msg = "Expected a falsy value.",
): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/**
 * Asserts that two values are deeply equal; the message shows where they differ.
 *
 * `NaN` equals itself, `0` equals `-0`, and a missing property differs from an undefined one.
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(msg)}\n${difference(actual, expected)}`);
}

/** Asserts that two values are not deeply equal, as {@linkcode assertEquals} understands it. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} not to be: ${show(expected)}${suffix(msg)}`,
  );
}

/** Asserts that two values are one, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const difference = isDeepStrictEqual(actual, expected)
    ? `Values have the same structure but are not reference-equal: ${show(actual)}`
    : thrownBy(() => nodeAssert.strictEqual(actual, expected));
  throw new AssertionError(`Values are not strictly equal${suffix(msg)}\n${difference}`);
}

/** Asserts that `actual` is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} to not be null or undefined${suffix(msg)}`,
  );
}

/** Asserts that `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: AnyConstructor<T>,
  msg?: string,
): asserts actual is T {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was ${kind(actual)}${
      suffix(msg)
    }`,
  );
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} to contain: ${show(expected)}${suffix(msg)}`,
  );
}

/** Asserts that `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} to match: ${show(expected)}${suffix(msg)}`,
  );
}

/** Asserts that `actual` does not match `expected`. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} to not match: ${show(expected)}${suffix(msg)}`,
  );
}

/** Asserts that each value of `expected` is in `actual`, by deep equality. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void {
  const values = Array.from(actual);
  const missing = Array.from(expected).filter((want) =>
    !values.some((value) => equal(value, want))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} to include: ${show(expected)}${suffix(msg)}\nmissing: ${
      show(missing)
    }`,
  );
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  assert(actual > expected, msg ?? `Expect ${show(actual)} > ${show(expected)}`);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert(actual >= expected, msg ?? `Expect ${show(actual)} >= ${show(expected)}`);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  assert(actual < expected, msg ?? `Expect ${show(actual)} < ${show(expected)}`);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert(actual <= expected, msg ?? `Expect ${show(actual)} <= ${show(expected)}`);
}

/**
 * Asserts that two numbers differ by at most `tolerance`.
 *
 * The default tolerance is that of `@std/assert`: 1e-7 of the expected value.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected) * 1e-7 : 1e-7,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  if (delta <= tolerance) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${tolerance}"${
      suffix(msg)
    }`,
  );
}

/** Asserts that `fn` throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that `fn` throws an `ErrorClass` whose message contains `msgIncludes`, and returns the
 * error.
 *
 * @example
 * ```ts
 * const error = assertThrows(() => decodeURI("%"), URIError, "malformed");
 * assertEquals(error.name, "URIError");
 * ```
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: AnyConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: AnyConstructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") checkError(error, classOrMsg, msgIncludes, note);
    return error;
  }
  throw new AssertionError(`Expected function to throw${suffix(note)}`);
}

/** Asserts that the promise of `fn` rejects, and resolves to the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that the promise of `fn` rejects with an `ErrorClass` whose message contains
 * `msgIncludes`, and resolves to the error. It fails when `fn` throws instead of rejecting.
 *
 * @example
 * ```ts
 * await assertRejects(() => Promise.reject(new RangeError("too far")), RangeError, "far");
 * ```
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: AnyConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: AnyConstructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch (cause) {
    throw new AssertionError(`Function throws when expected to reject${suffix(note)}`, { cause });
  }
  if (typeof promise?.then !== "function") {
    throw new AssertionError(`Function returns no promise when expected to reject${suffix(note)}`);
  }
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") checkError(error, classOrMsg, msgIncludes, note);
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix(note)}`);
}

function checkError(
  error: unknown,
  ErrorClass: AnyConstructor<Error>,
  msgIncludes?: string,
  msg?: string,
): void {
  // The cause is kept: what was thrown instead is what the reader of the failure looks for.
  if (!(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was ${kind(error)}${suffix(msg)}`,
      { cause: error },
    );
  }
  const plain = stripVTControlCharacters;
  if (msgIncludes && !plain(error.message).includes(plain(msgIncludes))) {
    throw new AssertionError(
      `Expected error message to include ${show(msgIncludes)}, but got ${show(error.message)}${
        suffix(msg)
      }`,
      { cause: error },
    );
  }
}

/**
 * Deep equality as `@std/assert` means it: node's, but `0` equals `-0`, and an object without a
 * prototype equals a plain one.
 */
function equal(a: unknown, b: unknown, open: Map<unknown, unknown> = new Map()): boolean {
  if (a === b || isDeepStrictEqual(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (open.get(a) === b) return true; // a cycle, compared further up
  if (!sameShape(a, b)) return false;
  open.set(a, b);
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([k, v]) => b.has(k) && equal(v, b.get(k), open));
  }
  const left = a as Record<PropertyKey, unknown>;
  const right = b as Record<PropertyKey, unknown>;
  const keys = ownKeys(left);
  return keys.length === ownKeys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], open));
}

/** Whether both are arrays, maps, or objects of one class, without inner state of their own. */
function sameShape(a: object, b: object): boolean {
  const tag = Object.prototype.toString.call(a);
  if (tag !== Object.prototype.toString.call(b)) return false;
  if (a instanceof Map || Array.isArray(a)) return true;
  const parent = (value: object) => Object.getPrototypeOf(value) ?? Object.prototype;
  return tag === "[object Object]" && parent(a) === parent(b);
}

function ownKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}

function difference(actual: unknown, expected: unknown): string {
  return thrownBy(() => nodeAssert.deepStrictEqual(actual, expected));
}

function thrownBy(fn: () => void): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "";
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 8 });
}

/** Names the class of a value, for "but was ...". */
function kind(value: unknown): string {
  if (value === null || typeof value !== "object") {
    return typeof value === "function" ? "not an instanced object" : show(value);
  }
  const message = value instanceof Error ? `: ${value.message}` : "";
  return `"${value.constructor?.name ?? "Object"}"${message}`;
}

function suffix(msg?: string): string {
  return msg ? `: ${msg}` : ".";
}
