import { assert, assertEquals } from "@std/assert";
import { type Interface, Lab, type LinkEngineKind } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertIn, at, flood, Link } from "../kit.ts";

/** The allowed relative deviation of a rate. */
const EXACT = 0.01;
/** The measured period, whose begin and end are exact to a fraction of a millisecond. */
const WINDOW_MS = 250;
/** The traffic as a multiple of the rate, and how long it is sent. */
const OVER = 1.2;
const FLOOD_MS = 600;

/** The rates that are measured together. Datagrams are larger than packets where that costs less. */
const RATES = [
  [{ mbit: 1, bytes: 60 }, { mbit: 10, bytes: 1_400 }, { mbit: 100, bytes: 8_000 }],
  [{ mbit: 500, bytes: 32_000 }],
];

export function rateCases(engine: LinkEngineKind): void {
  for (const latencyMs of [0, 50]) {
    // ix -- r(a device for each rate)
    Deno.test(`a rate is exact on the wire, ${latencyMs} ms away: ${engine}`, async () => {
      await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
      const r = await lab.addRouter("r");
      for (const together of RATES) {
        await Promise.all(together.map(async ({ mbit, bytes }) => {
          const down = { rateKbit: 1_000 * mbit, latencyMs };
          const device = await lab.addDevice(`d${mbit}`, at(r, { down }));
          const perSecond = OVER * mbit * 1e6 / 8 / bytes;
          const options = { count: FLOOD_MS / 1_000 * perSecond, bytes, perSecond };
          const watch = new Watch(device.interface("eth0"), mbit);
          while (!watch.satisfied) {
            const flooding = flood(r, device.ip!, options);
            await watch.during(flooding);
          }
        }));
      }
    });
  }

  Deno.test(`a slow link drops packets that find its queue full, and counts them: ${engine}`, async () => {
    await using link = await Link.create(engine, { up: { rateKbit: 1_000 } });
    const { eth0 } = link;
    const count = 1_000;
    await flood(link.device, link.gateway, { count, bytes: 1_000 });
    const dropped = async () => (await eth0.counters()).up!.dropped;
    await waitUntil(async () => await dropped() > 0);
    const { up, down, txPackets } = await eth0.counters();
    assert(up!.dropped > 0.8 * count && up!.dropped < count, `${up!.dropped} of ${count}`);
    assertEquals([up!.lost, up!.corrupted, up!.duplicated, down], [0, 0, 0, undefined]);
    assert(up!.packets >= count && up!.bytes > count * 1_000);
    // Dropped packets never left.
    assert(engine === "netem" || txPackets < count);
  });

  Deno.test(`jitter is uniform, and makes packets overtake each other: ${engine}`, async () => {
    await using link = await Link.create(engine, {
      up: { latencyMs: 40, jitterMs: 20 },
      down: { latencyMs: 40, jitterMs: 20, rateKbit: 50_000 },
    });
    const { up, down } = await link.eth0.measure({ probes: 1_000, intervalMs: 1 });
    // Delays of the host widen the range.
    assertIn(up.jitterMs, [18, 30], "jitter");
    assertIn(up.latencyMs, [38, 43], "median");
    assertIn(up.minMs, [20, 23], "least");
    assert(up.maxMs < 60 + 20, `${up.maxMs} ms`);
    assert(up.outOfOrderPct > 20, `${up.outOfOrderPct} %`);
    assertEquals([up.received, down.received], [1_000, 1_000]);
    assertEquals([down.outOfOrderPct, down.asked?.jitterMs], [0, 20]);
    assertIn(down.minMs, [20, 40], "least");
  });
}

/** Finds a period in which an interface received at a rate. */
class Watch {
  satisfied = false;
  #nearest = NaN;
  #end = performance.now() + 8_000;

  constructor(readonly eth0: Interface, readonly mbit: number) {}

  async during(flooding: Promise<void>): Promise<void> {
    let over = false;
    const samples: { ms: number; bytes: number }[] = [];
    void flooding.finally(() => over = true);
    while (!over) {
      const before = performance.now();
      const { rxBytes: bytes } = await this.eth0.counters();
      const ms = (before + performance.now()) / 2;
      const first = samples.findLast((sample) => ms - sample.ms >= WINDOW_MS);
      samples.push({ ms, bytes });
      if (first) this.#found((bytes - first.bytes) * 8 / 1_000 / (ms - first.ms));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await flooding;
    assert(this.satisfied || performance.now() < this.#end, `${this.mbit}: ${this.#nearest}`);
  }

  #found(mbit: number): void {
    if (!(Math.abs(mbit - this.mbit) > Math.abs(this.#nearest - this.mbit))) this.#nearest = mbit;
    // Other tests may leave too little processor time to send 600 Mbit/s.
    const short = this.mbit < 500 ? EXACT : 0.1;
    const ratio = this.#nearest / this.mbit;
    this.satisfied = ratio < 1 + EXACT && ratio > 1 - short;
  }
}
