import { assertEquals } from "@std/assert";
import { EventFd } from "../../native/poll/eventfd.ts";
import { libc } from "../../native/libc.ts";
import { watch } from "../../native/poll/watch.ts";

const eight = new Uint8Array(8);

/** An event, and how often it was reported. */
function counted() {
  const event = new EventFd();
  const waiting: (() => void)[] = [];
  const counted = {
    event,
    count: 0,
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    unwatch: watch(event.fd, () => {
      libc().read(event.fd, eight, 8n);
      counted.count++;
      waiting.splice(0).forEach((wake) => wake());
    }),
  };
  return counted;
}

Deno.test("readable descriptors are reported as long as they are watched", async () => {
  const [a, b] = [counted(), counted()];
  const both = Promise.all([a.next(), b.next()]);
  a.event.signal();
  b.event.signal();
  await both;
  assertEquals([a.count, b.count], [1, 1]);
  const again = a.next();
  a.event.signal();
  await again;
  await a.unwatch();
  const other = b.next();
  a.event.signal();
  b.event.signal();
  await other;
  assertEquals([a.count, b.count], [2, 2]);
  await b.unwatch();
  // A new watcher begins after the end of the last one.
  const c = counted();
  const once = c.next();
  c.event.signal();
  await once;
  assertEquals(c.count, 1);
  await c.unwatch();
  await c.unwatch();
  for (const { event } of [a, b, c]) event.close();
});
