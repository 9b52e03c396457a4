import { assert, assertEquals } from "@std/assert";
import { Lab, type LinkEngineKind, type Node } from "@netyard/netyard";
import { expectPings } from "../../lab/kit.ts";
import { assertIn, at, flood, ping, takes } from "../kit.ts";

export function downlinkCases(engine: LinkEngineKind): void {
  // ix -- dc(server);  ix -- home(a, later b and c)
  Deno.test(`a downlink's condition adds to those of its members' links: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const dc = await lab.addRouter("dc");
    const server = await lab.addDevice("server", at(dc));
    const home = await lab.addRouter("home", { downlinkCondition: { latencyMs: 30 } });
    assertEquals([home.downlinkCondition, home.downlinkCounters()], [{ latencyMs: 30 }, undefined]);
    const a = await lab.addDevice("a", at(home, { latencyMs: 10 }));
    const fromAll = async (to: { ip?: string; ip6?: string }, ms: number) => {
      const nodes: Node[] = [server, home];
      await Promise.all(nodes.flatMap((node) => [
        takes(ms, node, to.ip!),
        takes(ms, node, to.ip6!),
      ]));
    };
    await fromAll(a, 50);
    await takes(50, a, server.ip!);

    const b = await lab.addDevice("b", at(home));
    await fromAll(a, 50);
    await fromAll(b, 30);
    // Packets between members do not pass the router.
    await takes(20, a, b.ip!);
    await takes(20, b, a.ip6!);
    assert((await ping(a, b.ip!)).minMs < 30);

    await home.setDownlinkCondition({ latencyMs: 5 });
    await fromAll(b, 5);
    const c = await lab.addDevice("c", at(home, "lan"));
    await fromAll(c, 5);
    await lab.remove(b);
    await fromAll(a, 25);
    await home.setDownlinkCondition(null);
    assertEquals([home.downlinkCondition, home.downlinkCounters()], [undefined, undefined]);
    await fromAll(c, 0);
    await fromAll(a, 20);
  });

  // ix -- home(a, later b)
  Deno.test(`a downlink gets a condition with one member, with several, and with none: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const home = await lab.addRouter("home", { preset: "home" });
    await home.setDownlinkCondition({ latencyMs: 15 });
    const a = await lab.addDevice("a", at(home));
    await takes(15, a, lab.ix.ip);
    await lab.remove(a);
    await home.setDownlinkCondition({ latencyMs: 20 });
    const b = await lab.addDevice("b", at(home));
    await takes(20, b, lab.ix.ip);
    await home.setDownlinkCondition(null);
    await takes(0, b, lab.ix.ip);
    const c = await lab.addDevice("c", at(home));
    await home.setDownlinkCondition({ latencyMs: 12 });
    await takes(12, b, lab.ix.ip);
    await takes(12, c, home.downstreamGateway6!);

    const other = await lab.addRouter("other");
    await c.interface("eth0").replug(other);
    await takes(0, c, lab.ix.ip);
    await lab.remove(b);
    await lab.remove(home);
    await expectPings([[c, lab.ix.ip, true], [c, other.downstreamGateway6!, true]]);
  });

  // ix -- home(a, b)
  Deno.test(`all members share the rate of a downlink: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const home = await lab.addRouter("home", { downlinkCondition: { rateKbit: 20_000 } });
    const members = [
      await lab.addDevice("a", at(home)),
      await lab.addDevice("b", at(home)),
    ];
    const bytes = 1_400;
    // Starts the threads, which takes a busy host longer than the measurement.
    await Promise.all(members.map(({ ip }) => flood(home, ip!, { count: 1, bytes })));
    const [start, before] = [performance.now(), await received()];
    // Twice 20 Mbit/s for 600 ms; of that, 400 ms at most may wait at the end.
    const options = { count: 1_070, bytes, perSecond: 1_785 };
    await Promise.all(members.map(({ ip }) => flood(home, ip!, options)));
    const kbit = (await received() - before) * 8 / (performance.now() - start);
    assertIn(kbit / 20_000, [0.7, 1.03], "all together");
    const { dropped } = home.downlinkCounters()!;
    assert(dropped > 50, `${dropped} dropped`);
    // Packets between them use nothing of it.
    const [a, b] = members.map((member) => member.interface("eth0"));
    const had = (await b.counters()).rxPackets;
    await flood(members[0], members[1].ip!, { count: 2_000, bytes });
    assert((await b.counters()).rxPackets - had >= 2_000);
    assertEquals((await a.counters()).up, undefined);

    async function received(): Promise<number> {
      const all = members.map(async (member) =>
        (await member.interface("eth0").counters()).rxBytes
      );
      return (await Promise.all(all)).reduce((sum, bytes) => sum + bytes, 0);
    }
  });
}
