import { assertEquals } from "@std/assert";
import { readCounts, readErrors, readTests, slowestFiles } from "./test_output.ts";

const PARALLEL = `
\x1b[0m\x1b[38;5;245m./tests/a_test.ts => \x1b[0mone ... \x1b[0m\x1b[32mok\x1b[0m \x1b[0m\x1b[38;5;245m(367ms)\x1b[0m
./tests/b_test.ts => a name: it has => and ( ... ok (1m2s)
./tests/a_test.ts => two ... step ... ok (1s)
./tests/a_test.ts => two ... FAILED (405µs)
./tests/a_test.ts => three ... ignored (0ms)

ok | 9 passed (3 steps) | 0 failed | 2 ignored (2s)

FAILED | 12 passed (3 steps) | 1 failed (2s)
`;

Deno.test("the tests of parallel files are read with their file, result and time", () => {
  assertEquals(readTests(PARALLEL), [
    { file: "tests/a_test.ts", name: "one", failed: false, seconds: 0.367 },
    { file: "tests/b_test.ts", name: "a name: it has => and (", failed: false, seconds: 62.5 },
    { file: "tests/a_test.ts", name: "two", failed: true, seconds: 0 },
  ]);
});

Deno.test("the tests of one file after the other are read with their file", () => {
  const output = "running 2 tests from ./tests/a_test.ts\none ... ok (2s)\ntwo ... ok (5ms)\n" +
    "running 1 test from ./tests/b_test.ts\nthree ...\n  step ... ok (1s)\nthree ... ok (1s)\n";
  assertEquals(readTests(output).map(({ file, name }) => `${file} ${name}`), [
    "tests/a_test.ts one",
    "tests/a_test.ts two",
    "tests/b_test.ts three",
  ]);
});

Deno.test("the last line of a run has its counts; without one they are zero", () => {
  assertEquals(readCounts(PARALLEL), { passed: 12, failed: 1, ignored: 0 });
  assertEquals(readCounts("error: Uncaught"), { passed: 0, failed: 0, ignored: 0 });
});

Deno.test("the slowest files come first", () => {
  assertEquals(slowestFiles(readTests(PARALLEL), 1), [["tests/b_test.ts", 62.5]]);
});

Deno.test("errors are read by test, without what is printed elsewhere", () => {
  const output = "one => ./tests/a_test.ts:1:6\n\n ERRORS \n\n" +
    "\x1b[1mone\x1b[0m => ./tests/a_test.ts:1:6\nerror: Error: no\n  a line\n    at x\n\n" +
    "two ... step => ./tests/b_test.ts:9:6\nerror: Error: nor this\n\n" +
    " FAILURES \n\none => ./tests/a_test.ts:1:6\n";
  assertEquals(readErrors(output, 2), [
    { test: "tests/a_test.ts => one", lines: ["error: Error: no", "  a line"] },
    { test: "tests/b_test.ts => two ... step", lines: ["error: Error: nor this"] },
  ]);
});
