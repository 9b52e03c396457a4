import { assert, assertEquals } from "@std/assert";
import { Lab, type LinkEngineKind, type LinkLimits } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { sh } from "../../lab/kit.ts";
import { assertIn, at, band, counting, flood, Link, receiving } from "../kit.ts";

const PACKETS = 20_000;
/** The number of the last datagram of a flood. */
const END = 0xffff_ffff;
const SHARES = [0.1, 1, 10, 30];

export function effectCases(engine: LinkEngineKind): void {
  for (const [field, sign] of [["lossPct", -1], ["duplicatePct", 1]] as const) {
    // ix -- r(a device for each share)
    Deno.test(`${field} happens to its share of packets, in each direction: ${engine}`, async () => {
      await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
      const r = await lab.addRouter("r");
      for (const share of SHARES) {
        const name = `d${SHARES.indexOf(share)}`;
        const device = await lab.addDevice(name, at(r, { [field]: share }));
        const eth0 = device.interface("eth0");
        const [up, down] = [counting(r), counting(device)];
        await Promise.all([
          flood(device, r.downstreamGateway!, { count: PACKETS }),
          flood(r, device.ip!, { count: PACKETS }),
        ]);
        const { up: done, down: doneDown } = await eth0.counters();
        assertEquals([done!.dropped, doneDown!.dropped], [0, 0], "no queue overflowed");
        const expected = band(engine, PACKETS, share / 100);
        for (const [way, count] of [["up", up], ["down", down]] as const) {
          assertIn(sign * (count() - PACKETS), expected, `${share} % ${way}`);
        }
        sh(r, "nft delete table inet probe");
      }
    });
  }

  Deno.test(`the receiver drops damaged packets: ${engine}`, async () => {
    await using link = await Link.create(engine, { down: { corruptPct: 10 } });
    const { device, router } = link;
    const count = 4_000;
    await using receiver = receiving(device, device.ip!);
    await flood(router, device.ip!, { count, bytes: 1_000, perSecond: 5_000 });
    const statistics = () => {
      const [names, values] = sh(device, "grep ^Udp: /proc/net/snmp").split("\n")
        .map((line) => line.split(" ").slice(1));
      return Object.fromEntries(names.map((name, i) => [name, Number(values[i])]));
    };
    // It keeps the order: no earlier packet arrives after a later one.
    let sent = count;
    await waitUntil(async () => {
      await flood(router, device.ip!, { count: 1, first: END, bytes: 1_000 });
      sent++;
      return receiver.numbers.includes(END);
    }, { intervalMs: 100 });
    const { InCsumErrors, RcvbufErrors } = statistics();
    // On a busy host the socket may be full: such packets count neither as received nor as damaged.
    const lost = sent - receiver.numbers.length - RcvbufErrors;
    assertIn(lost, band(engine, sent - RcvbufErrors, 0.1), "lost of damage");
    assert(InCsumErrors > 0.8 * lost && InCsumErrors <= lost, `${InCsumErrors} of ${lost}`);
    const { down } = await link.eth0.counters();
    // Packets that hosts send by themselves are damaged too. The kernel does not count damage.
    // Packets that found the socket full may also have been damaged.
    const most = lost + 5 + RcvbufErrors;
    if (engine === "emulator") assertIn(down!.corrupted, [lost, most], "damaged");
    assertEquals(down!.lost, 0);
  });

  Deno.test(`reordered packets overtake delayed ones: ${engine}`, async () => {
    const condition = { up: { latencyMs: 50, reorderPct: 10 } };
    await using link = await Link.create(engine, condition);
    const { device, router, gateway } = link;
    const count = 2_000;
    await using receiver = receiving(router, gateway);
    await flood(device, gateway, { count, perSecond: 2_000 });
    await waitUntil(() => receiver.numbers.length === count, { what: "all to arrive" });
    const arrived = receiver.numbers;
    let least = Infinity;
    // Counts packets that arrive before one that was sent earlier, from the end.
    const ahead = arrived.toReversed().filter((n) => {
      const overtakes = n > least;
      least = Math.min(least, n);
      return overtakes;
    }).length;
    assertIn(ahead, band(engine, count, 0.1), "ahead");
    assertEquals(arrived.toSorted((a, b) => a - b), Array.from(arrived.keys()));
  });

  Deno.test(`all effects together have their requested shares: ${engine}`, async () => {
    const condition: LinkLimits = {
      rateKbit: 20_000,
      latencyMs: 30,
      jitterMs: 5,
      lossPct: 10,
      duplicatePct: 10,
      corruptPct: 10,
      reorderPct: 5,
    };
    await using link = await Link.create(engine, { up: condition, down: { ...condition } });
    const probes = 2_000;
    const { up, down } = await link.eth0.measure({ probes, intervalMs: 0.5 });
    for (const found of [up, down]) {
      // A loss takes one of the two copies.
      assertIn(found.lossPct, around(9, 3), "loss");
      assertIn(found.duplicatePct + found.corruptPct, around(9 + 10, 5), "copies and damage");
      assert(found.outOfOrderPct > 0, "some are ahead");
      assertIn(found.latencyMs, [29, 45], "latency");
      // Some frames of the train are lost, and some come twice.
      assertIn(found.rateKbit / 20_000, [0.8, 1.25], "rate");
    }
  });
}

const around = (value: number, width: number): [number, number] => [value - width, value + width];
