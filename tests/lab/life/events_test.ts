import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  EVENT_VERSION,
  type EventKind,
  Lab,
  type LabEvent,
  readRun,
  reduceAll,
  RunDirectoryError,
} from "@netyard/netyard";
import { sh } from "../kit.ts";

/** Causes one event of each kind; returns the expected events. */
async function live(lab: Lab): Promise<EventKind[]> {
  const home = await lab.addRouter("home", { preset: "home" });
  const cafe = await lab.addRouter("cafe", { upstream: home, nat: "corporate" });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const wlan = phone.interface("wlan0");
  await lab.setNameserver("192.0.2.53");
  await lab.dnsEntry("server.test", "192.0.2.1");
  await phone.dnsEntry("printer.test", "fd00::7");
  await phone.addInterface("cell0", { gateway: cafe });
  await phone.setDefaultRoute("cell0");
  await wlan.linkDown();
  await wlan.linkDown(); // Nothing happens, nothing is told.
  await wlan.linkUp();
  await wlan.replug(cafe);
  await wlan.renewIp();
  await wlan.addIp("10.88.0.1", 24);
  await home.setNat("full-cone");
  await home.flushNatState();
  await home.setFirewall("none");
  await home.setBlockIcmpFragNeeded(true);
  sh(phone, "echo hello; echo trouble >&2");
  const reflector = await phone.spawnReflector({ port: 4000 });
  await reflector.close();
  lab.emit("half-time", { score: [1, 0] });
  lab.emit("note", undefined, phone);
  await phone.removeInterface("cell0");
  await lab.remove(phone);
  await lab.remove(cafe);
  await lab.addRouter("no-such-thing!").catch(() => {});
  return [
    "lab-created",
    "router-added",
    "router-added",
    "device-added",
    "nameserver-changed",
    "dns-entry",
    "dns-entry",
    "interface-added",
    "default-route-changed",
    "link-down",
    "link-up",
    "interface-replugged",
    "interface-changed",
    "interface-changed",
    "nat-changed",
    "nat-flushed",
    "firewall-changed",
    "icmp-frag-needed-blocked",
    "command-started",
    "command-ended",
    "reflector-started",
    "reflector-stopped",
    "custom",
    "custom",
    "interface-removed",
    "default-route-changed",
    "device-removed",
    "router-removed",
    "lab-closed",
  ];
}

const of = (events: LabEvent[], kind: EventKind) =>
  events.filter((event) => event.kind === kind).map((
    { version: _version, seq: _seq, at: _at, elapsedMs: _elapsed, kind: _kind, ...rest },
  ) => rest);

// ix -- home(phone.wlan0) -- cafe(phone.cell0)
Deno.test("every reader gets the events of a lab in order", async () => {
  const lab = await Lab.create({ label: "story", seed: 7 });
  const all = Array.fromAsync(lab.events());
  const fresh = Array.fromAsync(lab.events({ replay: false }));
  const first = (async () => {
    for await (const event of lab.events()) if (event.kind === "device-added") return event;
  })();
  const kinds = await live(lab);
  await lab.close();
  const events = await all;
  assertEquals(events.map(({ kind }) => kind), kinds);
  assertEquals(events.map(({ seq }) => seq), kinds.map((_, i) => i));
  assertEquals(await fresh, events.slice(1));
  assertEquals(await first, events[3]);
  assertEquals(await Array.fromAsync(lab.events()), events);

  for (const [i, { version, at, elapsedMs }] of events.entries()) {
    assertEquals(version, EVENT_VERSION);
    assertMatch(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert(elapsedMs >= (events[i - 1]?.elapsedMs ?? 0));
  }
  const wlan = {
    name: "wlan0",
    ip: "10.0.2.4",
    prefix: 24,
    ip6: "fd10:0:2::3",
    prefix6: 64,
    linkLocal6: "fe80::4e:59ff:fe00:6",
    mac: "02:4e:59:00:00:06",
    mtu: 1500,
    gateway: "cafe",
    up: true,
  };
  assertEquals(of(events, "lab-created"), [{ label: "story", seed: 7 }]);
  assertEquals(of(events, "dns-entry"), [
    { node: null, name: "server.test", ip: "192.0.2.1" },
    { node: "phone", name: "printer.test", ip: "fd00::7" },
  ]);
  assertEquals(of(events, "default-route-changed"), [
    { node: "phone", name: "cell0" },
    { node: "phone", name: "wlan0" },
  ]);
  assertEquals(of(events, "interface-replugged"), [{
    node: "phone",
    name: "wlan0",
    gateway: "cafe",
    interface: { ...wlan, ip: "10.0.2.3" },
  }]);
  assertEquals(
    of(events, "interface-changed"),
    [undefined, [{ ip: "10.88.0.1", prefix: 24 }]].map((addresses) => ({
      node: "phone",
      name: "wlan0",
      interface: { ...wlan, ...addresses && { addresses } },
    })),
  );
  assertEquals(of(events, "command-ended"), [{ node: "phone", id: "c1", code: 0, signal: null }]);
  assertEquals(of(events, "custom"), [
    { node: null, name: "half-time", data: { score: [1, 0] } },
    { node: "phone", name: "note", data: null },
  ]);
});

Deno.test("the output of threads, and the error that ended them, are in the node's logs", async () => {
  const outDir = await Deno.makeTempDir({ prefix: "netyard-lab-" });
  try {
    await using lab = await Lab.create({ outDir });
    await lab.addRouter("home");
    const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: "home" } } });
    await phone.run(() => {
      console.log("from run:", { n: 1 });
      console.error("trouble");
      console.table([{ a: 1 }]);
    });
    const source = "console.info('from a module'); await 0; throw new RangeError('it broke')";
    const task = await phone.spawn(`data:text/javascript,${source}`);
    await assertRejects(() => task.done, RangeError);
    await phone.run(() => void setTimeout(() => Promise.reject(new TypeError("too late"))));
    for await (const { kind } of lab.events()) if (kind === "thread-failed") break;
    await lab.close();
    const log = (stream: string) => Deno.readTextFile(`${lab.outDir}/nodes/phone/${stream}.log`);
    const [stdout, stderr] = [await log("stdout"), await log("stderr")];
    assert(stdout.startsWith("from run: { n: 1 }\n"), stdout);
    assertMatch(stdout, /│ 0 +│ 1 │/);
    assert(stdout.endsWith("from a module\n"), stdout);
    assertMatch(stderr, /^trouble\nRangeError: it broke\n +at data:/);
    assertMatch(stderr, /ended by an error outside run\(\): .*too late.*\n$/);
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});

Deno.test("a run is written to exactly the requested directory", async () => {
  const root = await Deno.makeTempDir({ prefix: "netyard-lab-" });
  const outDir = { exact: `${root}/sim` };
  try {
    const lab = await Lab.create({ outDir });
    await lab.addRouter("home");
    assertEquals(lab.outDir, outDir.exact);
    await lab.close();
    const { events, state } = await readRun(outDir.exact);
    assertEquals(events.map(({ kind }) => kind), ["lab-created", "router-added", "lab-closed"]);
    assertEquals(Object.keys(state.routers), ["home"]);
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["sim"]);
    await assertRejects(() => Lab.create({ outDir }), RunDirectoryError, "it has one already");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a run is written below the requested directory, and can be read while it lasts", async () => {
  const root = await Deno.makeTempDir({ prefix: "netyard-lab-" });
  try {
    const labs = await Promise.all(
      ["same name", "same name"].map((label) => Lab.create({ label, outDir: `${root}/runs` })),
    );
    const [lab, other] = labs;
    assertMatch(lab.outDir!, /\/runs\/\d{8}-\d{6}-\d{3}-same-name(-2)?$/);
    assert(lab.outDir !== other.outDir);
    const kinds = await live(lab);
    await other.close();
    await lab.close();

    const events = await Array.fromAsync(lab.events());
    const run = await readRun(lab.outDir!);
    assertEquals(run.events, events);
    assertEquals(run.events.map(({ kind }) => kind), kinds);
    assertEquals(run.state, reduceAll(events));
    const { routers, devices, dns, nameserver, closedAt } = run.state;
    assertEquals([Object.keys(routers), Object.keys(devices)], [["home"], []]);
    const { nat, firewall, blockIcmpFragNeeded } = routers.home;
    assertEquals([nat, firewall, blockIcmpFragNeeded], ["full-cone", "none", true]);
    assertEquals(dns, { lab: { "server.test": ["192.0.2.1"] }, nodes: {} });
    assertEquals([nameserver, typeof closedAt], ["192.0.2.53", "string"]);
    const log = (stream: string) => Deno.readTextFile(`${lab.outDir}/nodes/phone/${stream}.log`);
    assertEquals([await log("stdout"), await log("stderr")], ["hello\n", "trouble\n"]);
    assertEquals((await readRun(other.outDir!)).events.map(({ kind }) => kind), [
      "lab-created",
      "lab-closed",
    ]);
    assertEquals([...Deno.readDirSync(`${root}/runs`)].length, 2);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the environment can set the output directory", async () => {
  const root = await Deno.makeTempDir({ prefix: "netyard-lab-" });
  const script = new URL("./outdir_main.ts", import.meta.url).pathname;
  const run = async (env: Record<string, string>, ...args: string[]) => {
    // A process of its own: tests that run in parallel share one environment.
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, ...args],
      env,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  };
  try {
    const path = await run({ NETYARD_OUTDIR: root });
    assert(path.startsWith(`${root}/`), path);
    assertEquals((await readRun(path)).state.label, "from-env");
    assertEquals(await run({ NETYARD_OUTDIR: "" }), "undefined");
    const given = await run({ NETYARD_OUTDIR: root }, `${root}/given`);
    assert(given.startsWith(`${root}/given/`), given);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
