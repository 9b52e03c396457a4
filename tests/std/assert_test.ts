import node from "node:assert/strict";
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

// The assertions under test do not judge themselves: node's do.

/** The message with which `fn` fails; it must fail, and with an AssertionError. */
function failure(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    node.ok(error instanceof AssertionError, `threw ${error}`);
    return error.message;
  }
  node.fail("the assertion passed");
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(() => undefined, (error: unknown) => error);
  node.ok(outcome instanceof AssertionError, "the assertion passed");
  return outcome.message;
}

const EQUAL: [string, unknown, unknown][] = [
  ["NaN", NaN, NaN],
  ["zero and minus zero", 0, -0],
  ["nested minus zero", { a: [1, -0] }, { a: [1, 0] }],
  ["minus zero in a map", new Map([["a", [0]]]), new Map([["a", [-0]]])],
  ["nested objects", { a: { b: [1, "x", null] } }, { a: { b: [1, "x", null] } }],
  ["key order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["dates", new Date(5), new Date(5)],
  ["regular expressions", /a/g, /a/g],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["sets in any order", new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
  ["maps in any order", new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]])],
  ["no prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["bigints", 1n, 1n],
  ["URLs", new URL("http://a.test/x"), new URL("http://a.test/x")],
];

const UNEQUAL: [string, unknown, unknown][] = [
  ["number and string", 1, "1"],
  ["number and bigint", 1, 1n],
  ["null and undefined", null, undefined],
  ["missing and undefined", { a: undefined }, {}],
  ["array lengths", [1, 2], [1, 2, 3]],
  ["array and object", [], {}],
  ["array order", [1, 2], [2, 1]],
  ["hole and undefined in longer arrays", [0, , 1], [0, 1]],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["array kinds", new Uint8Array([1]), new Uint16Array([1])],
  ["dates", new Date(5), new Date(6)],
  ["regular expression flags", /a/g, /a/i],
  ["error messages", new Error("a"), new Error("b")],
  ["classes", new (class A {})(), new (class B {})()],
  ["symbols", { [Symbol("a")]: 1 }, { [Symbol("a")]: 1 }],
  ["sets", new Set([1]), new Set([2])],
  ["map values", new Map([["a", { b: 1 }]]), new Map([["a", { b: 2 }]])],
  ["nested", { a: { b: [1, 2, { c: 3 }] } }, { a: { b: [1, 2, { c: 4 }] } }],
  ["URLs", new URL("http://a.test/x"), new URL("http://a.test/y")],
];

for (const [name, a, b] of EQUAL) {
  Deno.test(`assertEquals accepts equal values: ${name}`, () => {
    assertEquals(a, b);
    assertEquals(b, a);
    failure(() => assertNotEquals(a, b));
  });
}

for (const [name, a, b] of UNEQUAL) {
  Deno.test(`assertEquals refuses different values: ${name}`, () => {
    failure(() => assertEquals(a, b));
    failure(() => assertEquals(b, a));
    assertNotEquals(a, b);
  });
}

Deno.test("assertEquals compares objects that contain themselves", () => {
  const loop = (value: number) => {
    const made: Record<string, unknown> = { value };
    made.self = made;
    return made;
  };
  assertEquals(loop(0), loop(-0));
  failure(() => assertEquals(loop(0), loop(1)));
});

Deno.test("assertEquals shows where the values differ, and the given message", () => {
  const message = failure(() =>
    assertEquals({ name: "lan", mtu: 1500 }, { name: "lan", mtu: 9000 }, "mtu")
  );
  node.match(message, /^Values are not equal: mtu\n/);
  node.match(message, /1500/);
  node.match(message, /9000/);
  node.match(failure(() => assertEquals(1, 2)), /^Values are not equal\.\n/);
});

Deno.test("assert and assertFalse look at truthiness", () => {
  for (const value of [true, 1, "x", {}, []]) {
    assert(value);
    failure(() => assertFalse(value));
  }
  for (const value of [false, 0, 0n, "", null, undefined, NaN]) {
    assertFalse(value);
    failure(() => assert(value));
  }
  node.equal(failure(() => assert(false, "why")), "why");
});

Deno.test("fail always fails", () => {
  node.equal(failure(() => fail("why")), "Failed assertion: why");
  node.equal(failure(() => fail()), "Failed assertion.");
});

Deno.test("assertStrictEquals wants the same value, by Object.is", () => {
  const value = {};
  assertStrictEquals(value, value);
  assertStrictEquals(NaN, NaN);
  failure(() => assertStrictEquals(0, -0));
  node.match(failure(() => assertStrictEquals({ a: 1 }, { a: 1 })), /not reference-equal/);
  node.match(failure(() => assertStrictEquals(1, 2, "why")), /: why\n/);
});

Deno.test("assertExists refuses null and undefined only", () => {
  for (const value of [0, "", false, NaN]) assertExists(value);
  failure(() => assertExists(null));
  failure(() => assertExists(undefined));
});

Deno.test("assertInstanceOf looks at the class", () => {
  assertInstanceOf(new TypeError(), Error);
  assertInstanceOf(new Date(), Date);
  node.match(
    failure(() => assertInstanceOf(new Error("x"), TypeError)),
    /"TypeError" but was "Error"/,
  );
  failure(() => assertInstanceOf(null, Object));
  failure(() => assertInstanceOf(Date, Date));
  failure(() => assertInstanceOf(1, Number));
});

Deno.test("assertStringIncludes, assertMatch and assertNotMatch look into text", () => {
  assertStringIncludes("namespace", "space");
  failure(() => assertStringIncludes("namespace", "Space"));
  assertMatch("eth0", /^eth\d$/);
  failure(() => assertMatch("eth", /^eth\d$/));
  assertNotMatch("eth", /^eth\d$/);
  failure(() => assertNotMatch("eth0", /^eth\d$/));
});

Deno.test("assertArrayIncludes wants every value, by deep equality", () => {
  assertArrayIncludes([1, { a: 1 }, 3], [{ a: 1 }, 1]);
  assertArrayIncludes([1], []);
  assertArrayIncludes(new Uint8Array([1, 2]), new Uint8Array([2]));
  node.match(failure(() => assertArrayIncludes([1, 2], [2, 3])), /missing: \[ 3 \]/);
});

Deno.test("the comparisons hold at their borders", () => {
  assertGreater(2, 1);
  failure(() => assertGreater(1, 1));
  assertGreaterOrEqual(1, 1);
  failure(() => assertGreaterOrEqual(0, 1));
  assertLess(1, 2);
  failure(() => assertLess(1, 1));
  assertLessOrEqual(1, 1);
  failure(() => assertLessOrEqual(2, 1));
  for (const check of [assertGreater, assertGreaterOrEqual, assertLess, assertLessOrEqual]) {
    failure(() => check(NaN, 1));
  }
  node.equal(failure(() => assertLess(2n, 1n)), "Expect 2n < 1n");
  node.equal(failure(() => assertLess(2, 1, "why")), "why");
});

Deno.test("assertAlmostEquals allows the tolerance, by default 1e-7 of the expected value", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1_000_000.05, 1_000_000);
  failure(() => assertAlmostEquals(1_000_000.2, 1_000_000));
  assertAlmostEquals(48, 50, 2);
  failure(() => assertAlmostEquals(47.9, 50, 2));
  assertAlmostEquals(Infinity, Infinity);
  failure(() => assertAlmostEquals(1, Infinity));
  failure(() => assertAlmostEquals(NaN, 1));
});

Deno.test("assertThrows returns the error, after checking class and message", () => {
  const error = new RangeError("too far away");
  const thrower = () => {
    throw error;
  };
  node.equal(assertThrows(thrower), error);
  node.equal(assertThrows(thrower, RangeError), error);
  node.equal(assertThrows(thrower, Error, "far").message, "too far away");
  node.match(
    failure(() => assertThrows(thrower, TypeError)),
    /instance of "TypeError", but was "RangeError": too far away/,
  );
  node.match(failure(() => assertThrows(thrower, RangeError, "near")), /"near", but got "too far/);
  node.equal(failure(() => assertThrows(() => 1)), "Expected function to throw.");
  node.equal(failure(() => assertThrows(() => 1, "why")), "Expected function to throw: why");
  node.equal(
    failure(() => assertThrows(() => 1, Error, "x", "why")),
    "Expected function to throw: why",
  );
});

Deno.test("assertThrows accepts a thrown value that is no error only without a class", () => {
  const thrower = () => {
    throw "text";
  };
  node.equal(assertThrows(thrower), "text");
  failure(() => assertThrows(thrower, Error));
});

Deno.test("assertRejects returns the reason, after checking class and message", async () => {
  const error = new RangeError("too far away");
  const rejecter = () => Promise.reject(error);
  node.equal(await assertRejects(rejecter), error);
  node.equal((await assertRejects(rejecter, RangeError, "far")).message, "too far away");
  node.match(
    await rejection(assertRejects(rejecter, TypeError)),
    /"TypeError", but was "RangeError"/,
  );
  node.match(await rejection(assertRejects(rejecter, RangeError, "near")), /"near", but got/);
  node.equal(
    await rejection(assertRejects(() => Promise.resolve(), "why")),
    "Expected function to reject: why",
  );
});

Deno.test("assertRejects refuses a function that throws or returns no promise", async () => {
  const thrower = (): Promise<void> => {
    throw new Error("early");
  };
  node.match(await rejection(assertRejects(thrower)), /throws when expected to reject/);
  const plain = (() => 1) as unknown as () => Promise<void>;
  node.match(await rejection(assertRejects(plain)), /returns no promise/);
});
