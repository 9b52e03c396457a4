import { assert, assertEquals } from "@std/assert";
import { EventFd } from "../../native/poll/eventfd.ts";
import { Poller } from "../../native/poll/poller.ts";
import { Arena } from "../../native/arena.ts";
import { fast } from "../../native/fast.ts";

Deno.test("a poller reports ready descriptors by their tokens", () => {
  const poller = new Poller();
  const events = Array.from({ length: 300 }, () => new EventFd());
  events.forEach((event, n) => poller.add(event.fd, n === 7 ? 0xffff_ffff : n));
  assertEquals(poller.wait(0), 0);
  events[7].signal();
  events[7].signal();
  events[200].signal();
  const tokens = () => Array.from({ length: poller.wait(1e9) }, (_, n) => poller.token(n)).sort();
  assertEquals(tokens(), [200, 0xffff_ffff]);
  assertEquals(tokens(), [200, 0xffff_ffff], "it stays ready until it is read");
  poller.remove(events[7].fd);
  assertEquals(tokens(), [200]);
  assertEquals(poller.failed(0), false);
  for (const event of events) event.signal();
  assert(poller.wait(0) > 250, "no more than it has room for, but not less");
  for (const event of events) event.close();
  assertEquals(poller.wait(0), 0);
  poller.close();
});

Deno.test("a poller sleeps for the requested time, less a thousandth at most", () => {
  const poller = new Poller();
  for (const ms of [0.2, 3, 12, 40]) {
    const sleep = () => {
      const start = poller.now();
      while (poller.now() - start < ms * 1e6) {
        assertEquals(poller.wait(start + ms * 1e6 - poller.now()), 0);
      }
      return poller.now() - start;
    };
    // A busy host wakes some of them late.
    const least = Math.min(...Array.from({ length: 5 }, sleep));
    assert(least < (ms + 100) * 1e6, `${least} ns`);
  }
  const start = poller.now();
  poller.wait(20e6);
  assert(poller.now() - start > 19.97e6);
  poller.wait(-5);
  poller.close();
});

Deno.test("memory of an arena stays at its address", () => {
  const arena = new Arena(2 ** 20);
  const event = new EventFd();
  event.signal();
  assertEquals(fast().read(event.fd, arena.pointer(4096), 65_536n), 8);
  assertEquals([...arena.bytes.subarray(4095, 4106)], [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(Number(Deno.UnsafePointer.value(arena.pointer(4096))), arena.address + 4096);
  event.close();
  arena.close();
});
