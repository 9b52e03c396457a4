import { assertEquals } from "@std/assert";
import { errorInfo, framesOf } from "../../lib/bundle/error_info.ts";

const STACK = `AssertionError: not equal
    at assertEquals (file:///netyard/lib/std/assert.ts:48:9)
    at file:///work/my%20suite/a_test.ts:3:5
    at async fn (file:///netyard/lib/testing/lab_test.ts:68:16)
    at async innerWrapped (ext:cli/40_test.js:300:5)`;

const FILES: Record<string, string> = {
  "/netyard/lib/std/assert.ts": "own",
  "/work/my suite/a_test.ts": "one\ntwo\nthree\nfour\n",
};

function thrown(stack: string, message = "not equal"): Error {
  const error = new Error(message);
  error.name = "AssertionError";
  error.stack = stack;
  return error;
}

const info = (error: unknown) =>
  errorInfo(error, (file) => FILES[file], (file) => file.startsWith("/netyard/"));

Deno.test("frames of a stack trace are those of files, the innermost first", () => {
  assertEquals(framesOf(STACK), [
    { file: "/netyard/lib/std/assert.ts", line: 48, column: 9 },
    { file: "/work/my suite/a_test.ts", line: 3, column: 5 },
    { file: "/netyard/lib/testing/lab_test.ts", line: 68, column: 16 },
  ]);
  assertEquals(framesOf("Error: at file:///x.ts:1:1\n    at https://x/y.ts:1:2"), []);
  assertEquals(framesOf("    at file:///%E0%A4%A.ts:1:1"), []);
});

Deno.test("the source of an error is the user's innermost line that can be read", () => {
  assertEquals(info(thrown(STACK)), {
    name: "AssertionError",
    message: "not equal",
    stack: STACK,
    source: {
      file: "/work/my suite/a_test.ts",
      line: 3,
      column: 5,
      lines: ["one", "two", "three", "four", ""].map((text, i) => ({ number: i + 1, text })),
    },
    causes: [],
  });
  assertEquals(info(thrown("Error: x\n    at file:///gone.ts:1:1")).source, null);
});

Deno.test("causes are listed, the outermost first, also where they go in a circle", () => {
  const inner = new TypeError("inner");
  const { causes } = info(new Error("outer", { cause: new Error("middle", { cause: inner }) }));
  assertEquals(causes, [
    { name: "Error", message: "middle" },
    { name: "TypeError", message: "inner" },
  ]);
  inner.cause = inner;
  assertEquals(info(new Error("outer", { cause: inner })).causes.length, 8);
});

Deno.test("anything that is thrown is described, and long texts are cut", () => {
  assertEquals(info("plain text").message, "plain text");
  assertEquals(info(undefined), {
    name: "thrown value",
    message: "undefined",
    stack: "undefined",
    source: null,
    causes: [],
  });
  const { message } = info(new Error("x".repeat(50_000)));
  assertEquals(message.length < 21_000 && message.endsWith("… (cut, 50000 characters)"), true);
});
