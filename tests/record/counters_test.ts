import { assert, assertEquals, assertGreater } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { linesOf, runOf, total } from "./kit.ts";

const TIMEOUT = { timeoutMs: 20_000 };

// server -- dc -- IX -- home (NAT, firewall) -- laptop
Deno.test("counters follow real packets: interfaces, an impaired link, NAT and firewall", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using lab = await Lab.create({
      outDir: { exact: directory },
      record: { countersMs: 100 },
      linkEngine: "emulator",
    });
    const dc = await lab.addRouter("dc", { preset: "public" });
    const home = await lab.addRouter("home", { preset: "home" });
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const laptop = await lab.addDevice("laptop", {
      interfaces: { eth0: { gateway: home, condition: { latencyMs: 5 } } },
    });
    await laptop.$`ping -c 4 -i 0.05 -w 20 ${server.ip!}`.quiet();
    // The firewall lets no echo request in; the address is routed to the laptop.
    await server.$`ping -6 -c 3 -i 0.05 -W 1 ${laptop.ip6!}`.noThrow().quiet();
    const seen = await waitUntil(async () => {
      const now = total(await linesOf(directory));
      return now.firewall.home?.droppedPackets >= 3 ? now : undefined;
    }, { ...TIMEOUT, what: "the firewall's drops in counters.jsonl" });
    const { up, down } = seen.links["laptop/eth0"];
    assert(up && down);
    assertEquals([up.packets >= 4, down.packets >= 4], [true, true]);
    assertGreater(seen.interfaces["server/eth0"].rxPackets, 3);
    assertGreater(seen.interfaces["home/ix"].rxBytes, 4 * 84);
    assertGreater(seen.interfaces["home/lan"].rxPackets, 3);
    assertEquals(seen.nat.home.mappings, 1);
    assertEquals(seen.nat.dc, undefined);
    assertGreater(seen.firewall.home.droppedBytes, 3 * 100);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a change of the network is sampled soon, whatever the interval", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using lab = await Lab.create({
      outDir: { exact: directory },
      record: { countersMs: 3_600_000 },
    });
    const dc = await lab.addRouter("dc");
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const has = (key: string) => async () =>
      key in total(await linesOf(directory)).interfaces || undefined;
    await waitUntil(has("server/eth0"), { ...TIMEOUT, what: "server eth0" });
    await server.addInterface("eth1", { gateway: dc });
    await waitUntil(has("server/eth1"), { ...TIMEOUT, what: "server eth1" });
    await lab.remove("server");
    const other = await lab.addDevice("other", { interfaces: { eth0: { gateway: dc } } });
    await waitUntil(has("other/eth0"), { ...TIMEOUT, what: "other eth0" });
    await other.$`ping -c 1 -w 20 ${dc.downstreamGateway!}`.quiet();
    const before = await linesOf(directory);
    await lab.close();
    const lines = await linesOf(directory);
    assertGreater(lines.length, before.length, "the last sample is taken at close");
    assertGreater(lines.at(-1)!.interfaces!["other/eth0"].txPackets, 0);
    assert(lines.every((line, n) => n === 0 || line.elapsedMs > lines[n - 1].elapsedMs));
    const events = (await Deno.readTextFile(`${directory}/events.jsonl`)).trim().split("\n");
    const closed = JSON.parse(events.at(-1)!);
    assertGreater(closed.elapsedMs, lines.at(-1)!.elapsedMs);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("run.json says what ran, from the start to the end", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const lab = await Lab.create({ outDir: { exact: directory }, label: "mine", seed: 7 });
    const running = await waitUntil(() => runOf(directory), TIMEOUT);
    assertEquals([running.status, running.endedAt, running.linkEngine], ["running", null, null]);
    assertEquals([running.label, running.seed, running.pid], ["mine", 7, Deno.pid]);
    assertEquals(running.deno, Deno.version.deno);
    assertEquals(running.record.level, "events");
    assert(running.command.length > 1 && running.kernel.length > 0);
    const dc = await lab.addRouter("dc");
    await lab.addDevice("phone", { interfaces: { eth0: { gateway: dc, condition: "wifi" } } });
    await waitUntil(async () => (await runOf(directory)).linkEngine === lab.linkEngine, TIMEOUT);
    await lab.close();
    const closed = await runOf(directory);
    assertEquals([closed.status, closed.error, closed.test], ["closed", null, null]);
    assert(closed.endedAt! >= closed.startedAt);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a recording never throws into the lab: its directory vanishes", async () => {
  const directory = await Deno.makeTempDir();
  const lab = await Lab.create({ outDir: { exact: directory }, record: { countersMs: 50 } });
  const dc = await lab.addRouter("dc");
  // A file that is written meanwhile would keep its directory.
  await waitUntil(() => Deno.remove(directory, { recursive: true }).then(() => true), {
    timeoutMs: 20_000,
    what: "a directory that is gone",
  });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  await server.$`ping -c 3 -i 0.1 -w 20 ${dc.downstreamGateway!}`.quiet();
  const error = await lab.close().then(() => undefined, (error) => error);
  assert(error instanceof AggregateError, "close() reports that the record is incomplete");
});

Deno.test("with record off, a directory has the events and nothing else", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const lab = await Lab.create({ outDir: { exact: directory }, record: "off" });
    await lab.addRouter("dc");
    await lab.close();
    assertEquals(lab.verdict.reasons.length, lab.verdict.kind === "ok" ? 0 : 1);
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assertEquals(names.sort(), ["events.jsonl", "state.json"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
