import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { type CaptureFile, readCapture, summarise, TLS_KEY_LOG } from "../../lib/packets/mod.ts";

import { runOf } from "./kit.ts";

const TIMEOUT = { timeoutMs: 20_000 };

/** The captures of a run, by the names of their files. */
async function capturesOf(directory: string): Promise<Record<string, CaptureFile>> {
  const found: Record<string, CaptureFile> = {};
  for await (const { name } of Deno.readDir(`${directory}/captures`)) {
    if (!name.endsWith(".pcapng")) continue;
    // A file that is still being written may have become the older half.
    const bytes = await Deno.readFile(`${directory}/captures/${name}`).catch(() => undefined);
    if (bytes) found[name] = readCapture(bytes);
  }
  return found;
}

/** The echo requests and replies of a capture: direction, time and sequence number. */
function echoes({ frames }: CaptureFile) {
  return frames.flatMap((frame) => {
    // Ethernet, IPv4 without options, ICMP echo.
    if (frame.data[12] !== 8 || frame.data[13] !== 0 || frame.data[23] !== 1) return [];
    const kind = { 8: "request", 0: "reply" }[frame.data[34]];
    const seq = frame.data[40] << 8 | frame.data[41];
    return kind ? [{ kind, seq, direction: frame.direction, timeMs: frame.timeMs }] : [];
  });
}

async function inDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const CLIENT_LOSS = { lossPct: 30, latencyMs: 30 };

// server -- dc -- IX -- home (NAT) -- laptop
Deno.test("every packet is seen where it leaves and where it arrives, and a lost one where it left", () =>
  inDirectory(async (directory) => {
    const before = Date.now();
    await using lab = await Lab.create({
      outDir: { exact: directory },
      record: "full",
      linkEngine: "emulator",
    });
    const dc = await lab.addRouter("dc", { preset: "public" });
    const home = await lab.addRouter("home", { preset: "home" });
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const laptop = await lab.addDevice("laptop", {
      interfaces: { eth0: { gateway: home, condition: CLIENT_LOSS } },
    });
    await laptop.$`ping -c 20 -i 0.02 -W 1 ${server.ip!}`.noThrow().quiet();
    const { up, down } = await laptop.interface("eth0").counters();
    await lab.close();
    const captures = await capturesOf(directory);
    for (const [name, file] of Object.entries(captures)) {
      assertEquals([name, file.fault], [name, undefined]);
      assertEquals(file.interfaces.length, 1);
      assertEquals(`${file.interfaces[0].name!.replace(" ", "-")}.pcapng`, name);
      assert(file.frames.every(({ timeMs }) => timeMs > before - 1 && timeMs < Date.now() + 1));
    }
    const seen = (name: string, kind: string, direction: string) =>
      echoes(captures[`${name}.pcapng`])
        .filter((one) => one.kind === kind && one.direction === direction)
        .map(({ seq, timeMs }) => ({ seq, timeMs }));
    const sent = seen("laptop-eth0", "request", "out");
    const arrived = seen("home-lan", "request", "in");
    assertEquals(sent.map(({ seq }) => seq), Array.from({ length: 20 }, (_, n) => n + 1));
    // Frames of IPv6 may be lost too.
    assert(sent.length - arrived.length <= up!.lost);
    assertGreater(arrived.length, 0);
    for (const { seq, timeMs } of arrived) {
      assertGreater(timeMs - sent[seq - 1].timeMs, 29, "the delay is between the two");
    }
    const replied = seen("home-lan", "reply", "out");
    const received = seen("laptop-eth0", "reply", "in");
    assertEquals(replied.length, arrived.length);
    assert(replied.length - received.length <= down!.lost);
    assertGreater(received.length, 0);
    for (const name of ["home-ix", "dc-lan"]) {
      assertEquals(seen(name, "request", "out").map(({ seq }) => seq), arrived.map((a) => a.seq));
    }
    for (const name of ["dc-ix", "server-eth0"]) {
      assertEquals(seen(name, "request", "in").map(({ seq }) => seq), arrived.map((a) => a.seq));
    }
    // The NAT between the two sides of the router.
    const source = (name: string) => summarise(captures[name].frames.find(isRequest)!).source;
    assertEquals(source("home-lan.pcapng"), laptop.ip);
    assertEquals(source("home-ix.pcapng"), home.uplinkIp);
  }));

const isRequest = ({ data }: { data: Uint8Array }) => data[23] === 1 && data[34] === 8;

Deno.test("captures follow a topology that changes: a second member, a condition, a removal", () =>
  inDirectory(async (directory) => {
    await using lab = await Lab.create({
      outDir: { exact: directory },
      record: "full",
      linkEngine: "emulator",
    });
    const dc = await lab.addRouter("dc");
    // With a deadline in place of -W, ping would send more on a busy host.
    const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: dc } } });
    await a.$`ping -c 2 -i 0.02 -W 10 ${dc.downstreamGateway!}`.quiet();
    const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: dc } } });
    await a.interface("eth0").setCondition({ latencyMs: 5 });
    await a.$`ping -c 3 -i 0.02 -W 10 ${b.ip!}`.quiet();
    await a.interface("eth0").setCondition(null);
    await a.$`ping -c 4 -i 0.02 -W 10 ${dc.downstreamGateway!}`.quiet();
    await lab.remove("b");
    await lab.close();
    const captures = await capturesOf(directory);
    const count = (name: string, kind: string) =>
      echoes(captures[name]).filter((one) => one.kind === kind).length;
    assertEquals(count("a-eth0.pcapng", "request"), 9);
    assertEquals(count("a-eth0.pcapng", "reply"), 9);
    assertEquals(count("b-eth0.pcapng", "request"), 3);
    assertEquals(count("dc-lan.pcapng", "reply"), 6);
  }));

Deno.test("the newest packets stay: of a link in half of its limit, and of all links", () =>
  inDirectory(async (directory) => {
    const limit = 2 ** 18;
    await using lab = await Lab.create({
      outDir: { exact: directory },
      record: { captures: { interfaceBytes: limit, totalBytes: 2 * limit } },
    });
    const dc = await lab.addRouter("dc");
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((name) => lab.addDevice(name, { interfaces: { eth0: { gateway: dc } } })),
    );
    const bytes = async (path: string) => (await Deno.stat(path)).size;
    // Some 2 MB on each of the links: several times what may stay.
    const flood = (to: string) => a.$`ping -q -i 0.001 -c 800 -s 1400 -w 60 ${to}`.quiet();
    await a.$`ping -c 1 -w 20 ${b.ip!}`.quiet();
    await waitUntil(() => Deno.stat(`${directory}/captures/a-eth0.pcapng`), {
      ...TIMEOUT,
      what: "the thread of the captures",
    });
    await flood(b.ip!);
    await flood(c.ip!);
    // A crash at any moment leaves whole files.
    for (const [name, file] of Object.entries(await capturesOf(directory))) {
      assertEquals([name, file.fault], [name, undefined]);
    }
    await lab.close();
    const captures = await capturesOf(directory);
    let total = 0;
    for (const name of Object.keys(captures)) {
      const size = await bytes(`${directory}/captures/${name}`);
      assert(size <= limit + 1000, `${name}: ${size}`);
      total += size;
    }
    assert(total <= 2 * limit + 4000, `${total}`);
    const last = echoes(captures["a-eth0.pcapng"]);
    assertGreater(last.length, 30);
    assertEquals(last.at(-1)!.seq, 800);
    assertEquals(Object.keys(captures).filter((name) => name.includes("~")), []);
  }));

Deno.test("the TLS secrets of programs in the nodes are in the captures", () =>
  inDirectory(async (directory) => {
    await using lab = await Lab.create({ outDir: { exact: directory }, record: "full" });
    const dc = await lab.addRouter("dc");
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: dc } } });
    const keys = `${await Deno.realPath(directory)}/captures/keys.log`;
    assertEquals(await client.$`sh -c 'echo $SSLKEYLOGFILE'`.text(), keys);
    const own = { SSLKEYLOGFILE: "/dev/null" };
    assertEquals(await client.$`sh -c 'echo $SSLKEYLOGFILE'`.env(own).text(), "/dev/null");
    const printed = await client.command("sh", { args: ["-c", "echo $SSLKEYLOGFILE"] }).output();
    assertEquals(new TextDecoder().decode(printed.stdout).trim(), keys);
    // What OpenSSL's s_client, curl or Deno would write.
    const line = "CLIENT_RANDOM " + "ab".repeat(32) + " " + "cd".repeat(48);
    await client.$`sh -c ${`echo ${line} >> $SSLKEYLOGFILE; printf half >> $SSLKEYLOGFILE`}`;
    await client.$`ping -c 1 -w 20 ${server.ip!}`.quiet();
    await lab.close();
    const [secrets] = (await capturesOf(directory))["client-eth0.pcapng"].secrets;
    assertEquals(secrets.type, TLS_KEY_LOG);
    assertEquals(new TextDecoder().decode(secrets.data), `${line}\n`);
  }));

Deno.test("after a kill, the packets that were seen are there", () =>
  inDirectory(async (directory) => {
    const script = `
      import "@netyard/netyard/rootless";
      import { Lab } from "@netyard/netyard";
      const lab = await Lab.create({ outDir: { exact: Deno.args[0] }, record: "full" });
      const dc = await lab.addRouter("dc");
      const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: dc } } });
      await a.$\`ping -c 5 -i 0.01 -w 20 \${dc.downstreamGateway}\`.quiet();
      await a.$\`sleep 1000\`;
    `;
    const file = `${directory}/main.ts`;
    await Deno.writeTextFile(file, script);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, file, `${directory}/run`],
      stdin: "null",
      stdout: "null",
    }).spawn();
    await waitUntil(async () => {
      const { "a-eth0.pcapng": capture } = await capturesOf(`${directory}/run`);
      return capture && echoes(capture).length === 10;
    }, { timeoutMs: 30_000, what: "ten packets on disk" });
    child.kill("SIGKILL");
    await child.status;
    for (const [name, file] of Object.entries(await capturesOf(`${directory}/run`))) {
      assertEquals([name, file.fault], [name, undefined]);
    }
    assertEquals((await runOf(`${directory}/run`)).status, "running");
  }));

Deno.test("a lab without captures opens no socket and no directory for them", () =>
  inDirectory(async (directory) => {
    const lab = await Lab.create({ outDir: { exact: directory }, record: "events" });
    await lab.addRouter("dc");
    await waitUntil(() => Deno.stat(`${directory}/run.json`), TIMEOUT);
    await lab.close();
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assertEquals(names.sort(), ["counters.jsonl", "events.jsonl", "run.json", "state.json"]);
    assertStringIncludes(await Deno.readTextFile(`${directory}/run.json`), '"captures": null');
  }));
