import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  EventBus,
  EventBusError,
  EventConflictError,
  type EventsOptions,
  type LabEvent,
  reduceAll,
} from "../../lib/events/mod.ts";
import { steppingClock, storyBus } from "./story.ts";

function note(bus: EventBus, name: string): LabEvent {
  return bus.emit({ kind: "custom", node: null, name, data: null });
}

async function seqs(bus: EventBus, options?: EventsOptions): Promise<number[]> {
  const seen = [];
  for await (const event of bus.events(options)) seen.push(event.seq);
  return seen;
}

Deno.test("an event is stamped, numbered and timed", () => {
  const bus = new EventBus(steppingClock());
  bus.emit({ kind: "lab-created", label: "a" });
  assertEquals(note(bus, "b"), {
    version: 1,
    seq: 1,
    at: "2026-01-02T03:04:06.178Z",
    elapsedMs: 500,
    kind: "custom",
    node: null,
    name: "b",
    data: null,
  });
});

Deno.test("an event of another bus gets a new stamp", () => {
  const bus = new EventBus(steppingClock());
  note(bus, "a");
  const again = bus.emit(note(new EventBus(), "b"));
  assertEquals([again.seq, again.at], [1, "2026-01-02T03:04:06.178Z"]);
});

Deno.test("the state of a bus is that after its events, and later events do not change it", () => {
  const bus = storyBus();
  assertEquals(bus.state, reduceAll(bus.history));
  assertStrictEquals(bus.state, bus.state);
  const before = bus.state;
  const copy = structuredClone(before);
  bus.emit({ kind: "dns-entry", node: "laptop", name: "printer.local", ip: "10.9.9.9" });
  bus.emit({ kind: "interface-removed", node: "laptop", name: "eth0" });
  bus.emit({ kind: "device-removed", name: "laptop" });
  assertEquals(before, copy);
  assertNotEquals(bus.state, copy);
});

Deno.test("an event that does not fit throws and leaves the bus unchanged", () => {
  const bus = storyBus();
  const { length } = bus.history;
  assertThrows(() => bus.emit({ kind: "nat-flushed", router: "x" }), EventConflictError, '"x"');
  assertEquals(bus.history.length, length);
  assertEquals(note(bus, "next").seq, length);
});

Deno.test("custom data is copied as JSON, or refused", () => {
  const bus = new EventBus();
  const data = { when: new Date(0), list: [1, undefined] };
  const event = bus.emit({ kind: "custom", node: null, name: "x", data }) as LabEvent<"custom">;
  data.list.push(2);
  assertEquals(event.data, { when: "1970-01-01T00:00:00.000Z", list: [1, null] });
  assertThrows(
    () => bus.emit({ kind: "custom", node: null, name: "big", data: 1n }),
    EventConflictError,
    'the data of the custom event "big" is not JSON',
  );
});

Deno.test("an iterator begins with the earlier events, unless replay is false", async () => {
  const bus = new EventBus();
  note(bus, "a");
  const all = seqs(bus);
  const fresh = seqs(bus, { replay: false });
  note(bus, "b");
  await Promise.resolve();
  note(bus, "c");
  bus.close();
  assertEquals(await all, [0, 1, 2]);
  assertEquals(await fresh, [1, 2]);
  assertEquals(await seqs(bus), [0, 1, 2]);
  assertEquals(await seqs(bus, { replay: false }), []);
});

Deno.test("no event is lost between events() and the first read", async () => {
  const bus = new EventBus();
  const fresh = bus.events({ replay: false });
  note(bus, "a");
  bus.close();
  const seen = [];
  for await (const event of fresh) seen.push(event.seq);
  assertEquals(seen, [0]);
});

Deno.test("leaving a loop stops its iterator and no other", async () => {
  const bus = new EventBus();
  note(bus, "a");
  const all = seqs(bus);
  const iterator = bus.events()[Symbol.asyncIterator]();
  for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
    assertEquals(event.seq, 0);
    break;
  }
  note(bus, "b");
  assertEquals(await iterator.next(), { done: true, value: undefined });
  bus.close();
  assertEquals(await all, [0, 1]);
});

Deno.test("pending next() calls are answered in order, and ended by return()", async () => {
  const bus = new EventBus();
  const iterator = bus.events()[Symbol.asyncIterator]();
  const asked = [iterator.next(), iterator.next(), iterator.next()];
  note(bus, "a");
  note(bus, "b");
  await iterator.return?.();
  assertEquals((await Promise.all(asked)).map((result) => result.value?.seq), [0, 1, undefined]);
});

Deno.test("a waiting iterator ends when the bus closes", async () => {
  const bus = new EventBus();
  const all = seqs(bus);
  await Promise.resolve();
  bus.close();
  bus.close();
  assertEquals(await all, []);
  assert(bus.closed);
  assertThrows(() => note(bus, "late"), EventBusError, 'cannot emit "custom"');
});

Deno.test("listeners are called during each emit(), until they are removed", () => {
  const bus = new EventBus();
  const heard: number[] = [];
  const stop = bus.listen((event) => heard.push(event.seq));
  note(bus, "a");
  note(bus, "b");
  stop();
  note(bus, "c");
  assertEquals(heard, [0, 1]);
});

Deno.test("an event that a listener emits comes after the current event, for all listeners", () => {
  const bus = new EventBus();
  const heard: string[] = [];
  bus.listen((event) => {
    if (event.seq === 0) note(bus, "answer");
  });
  bus.listen((event) => heard.push(`${event.seq}`));
  note(bus, "question");
  assertEquals(heard, ["0", "1"]);
});

Deno.test("a listener that a listener adds gets only later events", () => {
  const bus = new EventBus();
  const heard: number[] = [];
  let attached = false;
  bus.listen(() => {
    if (!attached) bus.listen((event) => heard.push(event.seq));
    attached = true;
  });
  note(bus, "a");
  note(bus, "b");
  assertEquals(heard, [1]);
});

Deno.test("a listener that throws does not keep events from the others", () => {
  const bus = new EventBus();
  const heard: number[] = [];
  bus.listen(() => {
    throw new RangeError("out of ink");
  });
  bus.listen((event) => heard.push(event.seq));
  assertThrows(() => note(bus, "a"), RangeError, "out of ink");
  assertThrows(() => note(bus, "b"), RangeError, "out of ink");
  assertEquals(heard, [0, 1]);
});

Deno.test("emitting takes the same time in a lab of 50,000 nodes", () => {
  const bus = new EventBus();
  /** How long each thousand took; what is quickest had a processor for itself. */
  const times: number[] = [];
  let start = performance.now();
  for (let i = 0; i < 50_000; i++) {
    if (i > 0 && i % 1_000 === 0) {
      times.push(performance.now() - start);
      start = performance.now();
    }
    const name = `n${i}`;
    bus.emit({
      kind: "device-added",
      name,
      device: { name, mtu: 1500, defaultInterface: null, interfaces: [] },
    });
  }
  // About 2 ms; copying the record of nodes for each event would take seconds towards the end.
  const [first, last] = [times.slice(0, 10), times.slice(-10)].map((some) => Math.min(...some));
  assert(last < 10 * first + 100, `${last} ms for a thousand, and ${first} ms at first`);
  assertEquals(Object.keys(bus.state.devices).length, 50_000);
});
