import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FAR, Frames, NEAR, output, Pair, TestEmulator } from "./kit.ts";
import { fast } from "../../native/fast.ts";
import { closeFd, libc } from "../../native/libc.ts";
import { setLink } from "../../native/netlink/link.ts";

/** The least round-trip time that ping reports, in milliseconds. */
const leastMs = (text: string) => Number(/= ([\d.]+)\//.exec(text)?.[1]);

Deno.test("a ping takes longer than on a plain link by the delays of both directions", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  const ping = async () => {
    const text = await output(pair.a, "ping", "-q", "-c", "10", "-w", "10", "-i", "0.01", FAR);
    assertStringIncludes(text, "10 received");
    return leastMs(text);
  };
  const plain = await ping();
  emulator.impair(pair.up, { latencyMs: 20 }, 1);
  emulator.impair(pair.down, { latencyMs: 20 }, 1);
  await emulator.ready();
  let impaired = await ping();
  // A busy host adds to it, for a while.
  for (let attempt = 1; attempt < 20 && impaired - plain >= 50; attempt++) impaired = await ping();
  assert(impaired >= 40 && impaired - plain < 50, `${impaired} ms, ${plain} ms plain`);
});

/** Sends data by TCP from the near end to the far end; returns how many bytes arrived. */
async function tcp(pair: Pair, mebibytes: number): Promise<number> {
  using listener = pair.b.enter(() => Deno.listen({ hostname: FAR, port: 0 }));
  const { port } = listener.addr as Deno.NetAddr;
  const script = `dd if=/dev/zero bs=1M count=${mebibytes} status=none > /dev/tcp/${FAR}/${port}`;
  const [arrived, errors] = await Promise.all([
    (async () => {
      using connection = await listener.accept();
      let sum = 0;
      for await (const chunk of connection.readable) sum += chunk.length;
      return sum;
    })(),
    output(pair.a, "bash", "-c", script),
  ]);
  assertEquals(errors, "");
  return arrived;
}

const BYTES = 20 * 2 ** 20;

Deno.test("super-frames pass a delay whole, and are segmented if limits decide for each packet", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  const impairment = emulator.impair(pair.up, { latencyMs: 2 }, 1);
  await emulator.ready();
  assertEquals(await tcp(pair, 20), BYTES);
  const whole = impairment.counters();
  assert(whole.bytes > BYTES && whole.packets < BYTES / 1_500 / 3, `${whole.packets}`);
  impairment.change({ lossPct: 0.01 });
  assertEquals(await tcp(pair, 20), BYTES);

  const cut = impairment.counters();
  assert(cut.packets - whole.packets > BYTES / 1_500, `${cut.packets - whole.packets}`);
});

Deno.test("TCP continues while the condition of its link becomes worse and better", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  const transfer = tcp(pair, 80);
  let over = false;
  void transfer.then(() => over = true);
  for (let round = 0; round < 20 && !over; round++) {
    const impairment = emulator.impair(pair.up, { latencyMs: 0 }, round);
    await emulator.ready();
    impairment.change({ latencyMs: 2 });
    await emulator.ready();
    impairment.change({ rateKbit: 500_000, corruptPct: 0.01 });
    await emulator.ready();
    impairment.remove();
    await emulator.ready();
  }
  assertEquals(await transfer, 4 * BYTES);
});

Deno.test("no later checksum hides the damage", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using sink = new UdpSink(pair);
  const impairment = emulator.impair(pair.up, { latencyMs: 1 }, 1);
  const send = () =>
    output(pair.a, "bash", "-c", `for i in {1..20}; do echo $i > /dev/udp/${FAR}/${PORT}; done`);
  await emulator.ready();
  await send();
  for (let n = 0; n < 20; n++) assert(sink.receives(2_000));
  impairment.change({ corruptPct: 100 });
  await emulator.ready();
  await send();
  impairment.remove();
  await emulator.ready();
  assert(impairment.counters().corrupted >= 20);
  assertEquals(sink.receives(50), false);
});

const PORT = 4_711;

/** A UDP socket at the far end, which receives only datagrams with a correct checksum. */
class UdpSink implements Disposable {
  #fd: number;

  constructor({ b }: Pair) {
    const [AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC] = [2, 2 | 0x800 | 0x80000];
    this.#fd = b.enter(() => libc().socket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0));
    const address = new DataView(new ArrayBuffer(16));
    address.setUint16(0, AF_INET, true);
    address.setUint16(2, PORT);
    assertEquals(fast().bind(this.#fd, new Uint8Array(address.buffer), 16), 0);
  }

  receives(timeoutMs: number): boolean {
    const entry = new Int32Array([this.#fd, 1]);
    libc().poll(new Uint8Array(entry.buffer), 1n, timeoutMs);
    return Number(libc().recv(this.#fd, new Uint8Array(100), 100n, 0)) > 0;
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}

Deno.test("frames with VLAN tags, and large ones, pass unchanged", async () => {
  using pair = new Pair({ mtu: 9_000 });
  await using emulator = new TestEmulator();
  const up = emulator.impair(pair.up, { latencyMs: 1, jitterMs: 1 }, 1);
  const down = emulator.impair(pair.down, { latencyMs: 1 }, 1);
  await emulator.ready();
  for (const bytes of ["56", "8972"]) {
    const ping = ["-q", "-c", "5", "-w", "10", "-i", "0.01", "-M", "do", "-s", bytes, FAR];
    assertStringIncludes(await output(pair.a, "ping", ...ping), "5 received");
  }
  assert(up.counters().bytes > 5 * 9_014 && down.counters().bytes > 5 * 9_014);

  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  const { packets, bytes } = up.counters();
  // 802.1Q, VLAN 7, as large as the link allows.
  const tagged = new Uint8Array(9_018).fill(0xff, 0, 6);
  const view = new DataView(tagged.buffer);
  view.setUint32(12, 0x8100_0007);
  view.setUint32(16, 0x88b5_0000);
  view.setUint32(9_014, 0x1234_5678);
  from.sendRaw(tagged);
  // The receiving kernel removes the tag.
  const frame = to.receive(2_000)!;
  assertEquals(frame.length, 9_014);
  assertEquals(frame.subarray(12).slice(), tagged.subarray(16));
  const after = up.counters();
  if (after.packets === packets + 1) assertEquals(after.bytes - bytes, 9_018);
  assertEquals(after.dropped + down.counters().dropped, 0);
});

Deno.test("a frame that no longer fits the link is dropped and counted", async () => {
  using pair = new Pair({ mtu: 9_000 });
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  const impairment = emulator.impair(pair.up, { latencyMs: 60_000 }, 1);
  await emulator.ready();
  from.send(9_000);
  from.send(1_000);
  pair.a.rtnetlink((batch) => setLink(batch, 20, { mtu: 1_500 }));
  impairment.remove();
  await emulator.ready();
  assertEquals([to.all(50), impairment.counters().dropped], [[1], 1]);
  assertStringIncludes(await output(pair.b, "ping", "-q", "-c", "1", NEAR), "1 received");
});
