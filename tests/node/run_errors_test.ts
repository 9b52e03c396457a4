import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Lab, RemoteFunctionError } from "@netyard/netyard";
import { pair } from "./fixtures/topology.ts";

Deno.test("run() brings errors back whole: class, code, properties, cause and both stacks", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const error = await assertRejects(
    () =>
      laptop.run(function inner() {
        throw Object.assign(new TypeError("it is wrong", { cause: new RangeError("too far") }), {
          code: "E_MINE",
          detail: { n: 1n },
        });
      }),
    TypeError,
    "it is wrong",
  );
  const { code, detail, cause, stack = "" } = error as Error & { code: string; detail: unknown };
  assertEquals([code, detail], ["E_MINE", { n: 1n }]);
  assertInstanceOf(cause, RangeError);
  assertEquals(cause.message, "too far");
  assertMatch(stack, /^TypeError: it is wrong\n {4}at inner \(laptop:inner/);
  const [remote, local] = stack.split("--- sent from ---");
  assert(!remote.includes("worker_main"), remote);
  assertStringIncludes(local, import.meta.url);
  assert(!local.includes("/lib/node/"), local);
});

Deno.test("run() brings Deno's, the web's and node's errors back as what they are", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await assertRejects(
    () => laptop.run(() => Deno.readTextFile("/no/such/file")),
    Deno.errors.NotFound,
    "No such file",
  );
  const refused = await assertRejects(
    () => laptop.run((hostname) => Deno.connect({ hostname, port: 1 }), server.ip!),
    Deno.errors.ConnectionRefused,
  );
  assertEquals((refused as Error & { code: string }).code, "ECONNREFUSED");
  const abort = await assertRejects(
    () => laptop.run(() => AbortSignal.abort().throwIfAborted()),
    DOMException,
  );
  assertEquals([abort.name, abort.code], ["AbortError", DOMException.ABORT_ERR]);
  const code = await assertRejects(() =>
    laptop.run(async () => {
      const { createConnection } = await import("node:net");
      await new Promise((_, reject) => createConnection(1, "127.0.0.1").on("error", reject));
    })
  ) as Error & { code: string; syscall: string };
  assertEquals([code.code, code.syscall], ["ECONNREFUSED", "connect"]);
});

Deno.test("run() brings errors of errors back: aggregates, causes in a circle, custom names", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const aggregate = await assertRejects(
    () => laptop.run(() => Promise.any([Promise.reject(new RangeError("a")), Promise.reject("b")])),
    AggregateError,
  );
  assertInstanceOf(aggregate.errors[0], RangeError);
  assertEquals(aggregate.errors[1], "b");
  const circle = await assertRejects(() =>
    laptop.run(() => {
      const error: Error & { inner?: unknown } = new Error("outer");
      error.cause = new Error("middle", { cause: error });
      error.inner = [error, 1];
      throw error;
    })
  ) as Error & { cause: Error; inner: unknown[] };
  assert(circle.cause.cause === circle && circle.inner[0] === circle);
  const custom = await assertRejects(() =>
    laptop.run(() => {
      class MineError extends Error {
        override name = "MineError";
        kept = 5;
        dropped = () => {};
      }
      throw new MineError("custom");
    })
  ) as Error & { kept: number };
  assertEquals([custom.name, custom.message, custom.kept], ["MineError", "custom", 5]);
  assert(!("dropped" in custom));
  const suppressed = await assertRejects(
    () =>
      laptop.run(() => {
        using _ = {
          [Symbol.dispose]() {
            throw new Error("disposing");
          },
        };
        throw new TypeError("body");
      }),
    SuppressedError,
  );
  assertEquals([suppressed.error.message, suppressed.suppressed.message], ["disposing", "body"]);
});

Deno.test("run() brings what is thrown and is no error as it is", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  for (const value of ["text", 5, null, undefined, { code: 7 }, 3n]) {
    const thrown = await laptop.run((x) => {
      throw x;
    }, value).then(() => "nothing", (reason) => [reason]);
    assertEquals(thrown, [value]);
  }
});

Deno.test("run() names the outer variable that a function needs", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  const port = 80;
  const error = await assertRejects(
    () => laptop.run(() => port + 1),
    RemoteFunctionError,
    'uses "port"',
  );
  assertStringIncludes(error.message, 'pass "port" as an argument');
  assertStringIncludes(error.stack ?? "", import.meta.url);
  assertInstanceOf(error.cause, ReferenceError);
  await assertRejects(() => laptop.run(() => server.ip), RemoteFunctionError, '"server"');
  await assertRejects(() => laptop.run(() => assertEquals(1, 1)), RemoteFunctionError);
});

Deno.test("run() refuses what cannot be sent, there or back, and goes on", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  // deno-lint-ignore no-explicit-any -- what JavaScript may pass
  const any = (value: unknown) => value as any;
  const refused: [fn: unknown, args: unknown[], why: string][] = [
    [(x: unknown) => x, [() => {}], "an argument of run() cannot be sent"],
    [(x: unknown) => x, [Symbol("x")], "an argument of run() cannot be sent"],
    [(x: unknown) => x, [server], 'the node "server"'],
    [() => () => {}, [], "what the function returned cannot be sent back"],
    [() => ({ deep: [Symbol("x")] }), [], "what the function returned cannot be sent back"],
    [parseInt, ["1"], "cannot send parseInt"],
    [any(function () {}).bind(null), [], "source is not known"],
    [function* () {}, [], "generator"],
    [async function* () {}, [], "generator"],
    [class Mine {}, [], "the class Mine"],
    [undefined, [], "takes a function, but was given undefined"],
    ["() => 1", [], "takes a function, but was given string"],
    [
      Object.getOwnPropertyDescriptor({
        get x() {
          return 1;
        },
      }, "x")!.get,
      [],
      "accessor",
    ],
  ];
  for (const [fn, args, why] of refused) {
    await assertRejects(() => laptop.run(any(fn), ...args), RemoteFunctionError, why);
  }
  assertEquals(await laptop.run((x) => x, 1), 1);
});
