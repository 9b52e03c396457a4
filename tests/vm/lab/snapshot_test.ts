import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Lab, type LabSnapshot, SnapshotError, type Vm, type VmSnapshot } from "@netyard/netyard";
import { labFixture, waitUntil } from "@netyard/netyard/testing";
import { expectPings, pings, stateEvents, text } from "./kit.ts";

// a and b (machines) and pc
const world = labFixture({ label: "snapshots" }, async (lab) => {
  const lan = lab.bridge("lan");
  const [a, b] = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
  const pc = await lab.addDevice("pc");
  await lan.attach(pc);
  await lab.boot();
  return { lan, a, b, pc };
});

world.test("a restore brings back files, memory and running processes", async ({ lab, a, b, pc }) => {
  await a.writeFile("/root/file", "before");
  await a.run("(while :; do sleep 1; done) >/dev/null 2>&1 & echo $! >/root/pid");
  using snapshot = await a.snapshot();
  assertEquals([snapshot.vmName, a.state], ["a", "running"]);
  await a.writeFile("/root/file", "after");
  await a.run("kill -9 $(cat /root/pid); touch /root/new");
  const before = (await stateEvents(lab, "a")).length;
  for (let i = 0; i < 2; i++) {
    await a.restore(snapshot);
    assertEquals(await a.readTextFile("/root/file"), "before");
    assertEquals((await a.run("kill -0 $(cat /root/pid) && ! test -e /root/new")).ok(), true);
    await expectPings([[pc, a.ip!, true], [a, "b.lan", true], [b, a.ip6!, true]]);
    await a.writeFile("/root/file", "again");
  }
  const states = (await stateEvents(lab, "a")).slice(before).map(({ state }) => state);
  assertEquals(states, ["booting", "running", "booting", "running"]);
  await a.powerOff();
  await a.restore(snapshot);
  assertEquals(await a.readTextFile("/root/file"), "before");
});

world.test("a connection of two guests outlives the lab's snapshot and its restore", async ({ lab, lan, a, b }) => {
  await b.run(
    "mkfifo /tmp/in; (busybox nc -l -p 7000 </tmp/in >/tmp/got 2>&1) >/dev/null 2>&1 & sleep 600 >/tmp/in 2>/dev/null </dev/null & :",
  );
  await waitUntil(async () => (await b.run("netstat -ltn | grep :7000")).ok());
  await a.run(
    `mkfifo /tmp/out; (busybox nc ${b.ip} 7000 </tmp/out) >/dev/null 2>&1 & sleep 600 >/tmp/out 2>/dev/null </dev/null & :`,
  );
  const say = (word: string) => a.run(`echo ${word} >/tmp/out`);
  const heard = () => text(b, "tr '\\n' ' ' </tmp/got");
  const hears = (words: string) =>
    waitUntil(async () => await heard() === words, { what: words, timeoutMs: 20_000 });
  await say("one");
  await hears("one");
  await lan.partition(a, "pc");
  await lan.addLatency(5);
  using snapshot = await lab.snapshot();
  await lan.unpartition(a, "pc");
  await lan.addLatency(0);
  await lan.dropRate(50);
  await say("two");
  await lan.dropRate(0);
  await hears("one two");
  await lab.restore(snapshot);
  assertEquals([lan.isPartitioned(a, "pc"), lan.latencyMs, lan.dropRatePct], [true, 5, 0]);
  assertEquals(await heard(), "one");
  await say("three");
  await hears("one three");
});

world.test("machines from one snapshot draw different random numbers, and have the right time", async ({ a }) => {
  using snapshot = await a.snapshot();
  const drawn = new Set<string>();
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1500 * i));
    await a.restore(snapshot);
    const [time, ...random] = (await text(
      a,
      "date +%s; cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | hexdump",
    )).split("\n");
    const off = Date.now() / 1000 - Number(time);
    assert(Math.abs(off) < 3, `the clock is ${off} s off`);
    for (const line of random.slice(0, 2)) {
      assert(!drawn.has(line), line);
      drawn.add(line);
    }
  }
});

world.test("a paused machine can be saved, and stays paused", async ({ a }) => {
  await a.pause();
  using first = await a.snapshot();
  using second = await a.snapshot();
  assertEquals(a.state, "paused");
  await a.resume();
  assertEquals(await text(a, "echo on"), "on");
  for (const each of [first, second]) {
    await a.restore(each);
    assertEquals(await text(a, "echo on"), "on");
  }
});

world.test("a restored guest is configured for the network of now, not of the snapshot", async ({ lab, lan, a, b, pc }) => {
  using snapshot = await a.snapshot();
  const mac = a.interface("eth0").mac;
  const other = lab.bridge("other");
  await other.attach([a, b]);
  await lan.detach(a);
  await a.restore(snapshot);
  assertEquals(a.interfaces.map(({ name, gateway }) => [name, gateway]), [["eth1", "other"]]);
  await waitUntil(() => pings(a, "b.other"), { timeoutMs: 10_000 });
  assertEquals(await pings(a, pc.ip!), false);
  assertEquals(await text(a, "cat /sys/class/net/eth0/carrier"), "0");
  assertEquals(await text(a, "ip route show default"), `default via ${other.gateway} dev eth1`);
  await lan.attach(a);
  assertEquals(a.interface("lan").mac, mac);
  await a.restore(snapshot);
  await waitUntil(() => pings(a, "pc.lan"), { timeoutMs: 10_000 });
  await expectPings([[a, "b.other", true], [pc, a.interface("lan").ip!, true]]);
  await other.close();
});

world.test("closed snapshots, snapshots of another machine and other objects are refused", async ({ lab, a, b }) => {
  const snapshot = await a.snapshot();
  await assertRejects(
    () => b.restore(snapshot),
    SnapshotError,
    'b: restore(): the snapshot is of "a"',
  );
  snapshot.close();
  snapshot.close();
  await assertRejects(() => a.restore(snapshot), SnapshotError, "or it was closed");
  await assertRejects(() => snapshot.save("/nonexistent/x"), SnapshotError, "or it was closed");
  await assertRejects(() => a.restore({} as VmSnapshot), SnapshotError, "this is not a snapshot");
  await assertRejects(
    () => lab.restore({} as LabSnapshot),
    SnapshotError,
    "this is not a snapshot",
  );
  assertEquals([a.state, b.state], ["running", "running"]);
});

world.test("a snapshot is refused while captures or spawned processes are open, which it names", async ({ lan, a, b }) => {
  using snapshot = await a.snapshot();
  const both = async (named: string) => {
    for (const act of [() => a.snapshot(), () => a.restore(snapshot)]) {
      await assertRejects(act, SnapshotError, named);
    }
  };
  {
    await using _ = await lan.capture();
    await both("capture of bridge lan is open");
    await assertRejects(() => b.snapshot(), SnapshotError, "capture of bridge lan");
  }
  {
    await using _ = await a.nic("lan").capture();
    await both("capture of a eth0 is open");
  }
  {
    await using process = await a.spawn("sleep 600");
    await both(`the output of process ${process.pid} of spawn() is open`);
    (await b.snapshot()).close();
  }
  await a.restore(snapshot);
});

world.test("captures have the frames of machines, in a format that tcpdump reads", async ({ lan, a, b }) => {
  const directory = await Deno.makeTempDir();
  const read = async (file: string) => {
    const { stdout } = await new Deno.Command("tcpdump", {
      args: ["-n", "-r", file],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes("ICMP"));
  };
  try {
    await using whole = await lan.capture({ filter: "icmp" });
    await using own = await a.nic("lan").capture({ filter: "icmp" });
    await using others = await lan.nic("pc").capture({ filter: "icmp" });
    (await a.run(`ping -c 2 -i 0.1 ${b.ip}`)).assertOk();
    for (const [name, capture] of Object.entries({ whole, own })) {
      await capture.expect((packet) => packet.sourceIp === b.ip && packet.destinationIp === a.ip);
      await waitUntil(async () => {
        await capture.toFile(`${directory}/${name}.pcap`);
        return (await read(`${directory}/${name}.pcap`)).length === 4;
      });
      const lines = await read(`${directory}/${name}.pcap`);
      for (const seq of [1, 2]) {
        const packets = lines.filter((line) => line.includes(`seq ${seq},`));
        assertEquals(packets.length, 2, `${name}: ${lines.join("\n")}`);
        assertMatch(packets[0], new RegExp(`IP ${a.ip} > ${b.ip}: ICMP echo request`), name);
        assertMatch(packets[1], new RegExp(`IP ${b.ip} > ${a.ip}: ICMP echo reply`), name);
      }
    }
    await others.toFile(`${directory}/others.pcap`);
    assertEquals(await read(`${directory}/others.pcap`), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Damages a file in a directory, runs `act`, and repairs the file. */
async function damaged(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array | null,
  act: () => Promise<unknown>,
) {
  const bytes = await Deno.readFile(path);
  const changed = change(bytes.slice());
  if (changed) await Deno.writeFile(path, changed);
  else await Deno.remove(path);
  await act();
  await Deno.writeFile(path, bytes);
}

Deno.test("a snapshot on disk restores a machine in another lab, and is refused if it is damaged", async () => {
  const directory = await Deno.makeTempDir();
  const saved = `${directory}/of/nas`;
  try {
    let first: { mac: string; ip: string };
    {
      await using lab = await Lab.create();
      await lab.addDevice("filler", { interfaces: { eth0: { gateway: lab.bridge("lan") } } });
      const nas = lab.vm("nas", { bridges: ["lan", lab.bridge("mgmt")] });
      await nas.boot();
      await nas.writeFile("/root/file", "kept");
      using snapshot = await nas.snapshot();
      await snapshot.save(saved);
      await assertRejects(() => snapshot.save(saved), SnapshotError, "exists already");
      assertEquals([...Deno.readDirSync(`${directory}/of`)].map(({ name }) => name), ["nas"]);
      first = { mac: nas.interface("eth0").mac, ip: nas.ip! };
    }
    await using lab = await Lab.create();
    const lan = lab.bridge("lan");
    const nas = lab.vm("nas", { bridges: [lan] });
    const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: lan } } });
    using snapshot = await lab.loadSnapshot(saved, "nas");
    await assertRejects(
      () => nas.restore(snapshot),
      SnapshotError,
      "the snapshot has 2 NICs",
    );
    assertEquals(nas.state, "defined");
    await lab.bridge("mgmt").attach(nas);
    await nas.restore(snapshot);
    assert(nas.interface("eth0").mac !== first.mac && nas.ip !== first.ip);
    assertEquals(await nas.readTextFile("/root/file"), "kept");
    assertEquals(await text(nas, "cat /sys/class/net/eth0/address"), nas.interface("eth0").mac);
    assertEquals(await text(nas, "cat /sys/class/net/eth1/address"), nas.interface("eth1").mac);
    await expectPings([[pc, nas.ip!, true], [nas, "pc.lan", true], [pc, nas.ip6!, true]]);
    await nas.reset();
    await expectPings([[pc, nas.ip!, true], [nas, "pc.lan", true]]);
    assertEquals(await text(nas, "cat /sys/class/net/eth0/address"), nas.interface("eth0").mac);

    await nas.writeFile("/root/live", "x");
    const refused = async (why: string) => {
      await assertRejects(() => lab.loadSnapshot(saved, "nas"), SnapshotError, why);
    };
    const flip = (at: number) => (bytes: Uint8Array) => {
      bytes[at] ^= 1;
      return bytes;
    };
    await damaged(
      `${saved}/state`,
      flip(1000),
      () => refused("the state of its devices is damaged"),
    );
    await damaged(`${saved}/machine.json`, flip(3), () => refused("its machine.json is invalid"));
    await damaged(
      `${saved}/machine.json`,
      () => null,
      () => refused("does not exist or is incomplete"),
    );
    await damaged(`${saved}/memory`, flip(1_000_000), () => refused("its memory is damaged"));
    await damaged(`${saved}/memory`, (bytes) => bytes.slice(1), () => refused("its memory has"));
    await refusedHere(lab, nas, saved);
    const small = lab.vm("small", { memory: "192M" });
    assertEquals(small.state, "defined");
    assertEquals(await nas.readTextFile("/root/live"), "x");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Checks that intact snapshots of another kind of machine are refused. */
async function refusedHere(lab: Lab, nas: Vm, saved: string): Promise<void> {
  using lies = await lab.loadSnapshot(saved, "other");
  const other = lab.vm("other", { memory: "192M", cpus: 2, bridges: ["lan", "mgmt"] });
  const error = await assertRejects(() => other.restore(lies), SnapshotError);
  assertMatch(
    error.message,
    /other: restore\(\): the snapshot is of another kind of machine: its memoryBytes is 268435456, and here it is 201326592; its cpus is 1, and here it is 2/,
  );
  assertEquals([other.state, nas.state], ["defined", "running"]);
}
