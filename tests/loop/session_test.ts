import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { type LoopItem, LoopSession } from "../../lib/loop/session.ts";
import { NetyardError } from "../../native/error.ts";
import { Command, RING, Subject, TestControl } from "./program.ts";

class TestError extends NetyardError {}

class Item implements LoopItem {
  readonly id: number;
  readonly label: string;
  released = 0;

  constructor(id: number, label: string) {
    this.id = id;
    this.label = label;
  }

  release(): void {
    this.released++;
  }
}

/** A session with a thread of `program.ts`, and what it reports. */
function open({ capacity = 8, patienceMs }: { capacity?: number; patienceMs?: number } = {}) {
  const control = new TestControl();
  const failures: { error: TestError; labels: string[] }[] = [];
  const session = new LoopSession<Command, Item, TestError>({
    what: "the test's thread",
    error: TestError,
    program: {
      name: "test",
      module: new URL("./program.ts", import.meta.url),
      entry: "run",
    },
    ring: control,
    stop: Command.Stop,
    capacity,
    exhausted: `there are ${capacity} at most`,
    cleanUp: (items) => `${items.length} items were cleaned up`,
    onFailure: (error, labels) => void failures.push({ error, labels }),
    patienceMs,
  });
  const add = (label: string) => session.add(label, Command.Add, (id) => new Item(id, label));
  return { control, session, failures, add };
}

Deno.test("a session executes commands in their order; a full ring blocks until there is room", async () => {
  const { control, session } = open();
  const subjects = Array.from({ length: 3 * RING }, (_, n) => n % 2 ? n : Subject.Slow);
  for (const subject of subjects) session.post(Command.Do, subject);
  assert(control.done >= 2 * RING, `${control.done} commands were done when the last one fitted`);
  await session.ready();
  assertEquals(control.log, subjects.map((subject) => Command.Do * 1_000 + subject));
  await session.close();
  assertEquals(control.log.at(-1), Command.Stop * 1_000);
});

Deno.test("a full ring is an error when the thread makes no progress, and adds nothing", async () => {
  const { control, session, failures, add } = open({ patienceMs: 200 });
  const item = add("one");
  // Not ready(): on a busy host the thread may start more slowly than this patience.
  await waitUntil(() => control.done > 0, { what: "the thread", timeoutMs: 30_000 });
  for (let n = 0; n < RING; n++) session.post(Command.Do, Subject.Hang);
  const message = "the test's thread did not answer within 0.2 s; is the host overloaded?";
  assertThrows(() => session.post(Command.Do, 0), TestError, message);
  assertThrows(() => add("two"), TestError, message);
  await assertRejects(() => session.ready(), TestError, message);
  assertEquals([...session.items], [item]);
  await waitUntil(() => failures.length > 0, { what: "the watchdog", timeoutMs: 10_000 });
  assertEquals(failures[0].labels, ["one"]);
  assertEquals(
    failures[0].error.message,
    "the test's thread ended: its thread did nothing for 3 s; 1 items were cleaned up",
  );
});

Deno.test("an item is released once, when the thread has executed its removal", async () => {
  const { control, session, add } = open();
  const [one, two] = [add("one"), add("two")];
  await session.ready();
  session.post(Command.Do, Subject.Slow);
  session.remove(one, Command.Remove);
  session.remove(one, Command.Remove);
  assertEquals([one.released, [...session.items]], [0, [two]]);
  await session.ready();
  await waitUntil(() => one.released > 0);
  assertEquals(control.log.slice(2), [
    Command.Do * 1_000 + Subject.Slow,
    Command.Remove * 1_000 + one.id,
  ]);
  assertEquals(add("three").id, one.id, "the ID is reused");
  await session.close();
  await session.close();
  assertEquals([one.released, two.released], [1, 1]);
});

Deno.test("an item that cannot be built, or has no ID, leaves nothing behind", async () => {
  const { control, session, add } = open({ capacity: 1 });
  const fail = () => {
    throw new Error("not built");
  };
  assertThrows(() => session.add("one", Command.Add, fail), Error, "not built");
  add("one");
  assertThrows(() => add("two"), TestError, "two: there are 1 at most");
  await session.ready();
  assertEquals([session.items.size, control.log.length], [1, 1]);
  await session.close();
});

Deno.test("when the thread fails, its items are released and further calls do nothing", async () => {
  const { session, failures, add } = open();
  const [one, two] = [add("one"), add("two")];
  await session.ready();
  session.remove(two, Command.Remove);
  session.post(Command.Do, Subject.Fail);
  await assertRejects(() => session.ready(), TestError, "the test made it fail");
  assertEquals(failures.map(({ error, labels }) => [error.message, labels]), [[
    "the test's thread ended: its thread failed: the test made it fail; 1 items were cleaned up",
    ["one"],
  ]]);
  session.remove(one, Command.Remove);
  for (let n = 0; n < 2 * RING; n++) session.post(Command.Do, 0);
  await session.close();
  assertEquals([one.released, two.released, failures.length], [1, 1, 1]);
});
