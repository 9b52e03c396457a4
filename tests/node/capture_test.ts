import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type CapturedPacket,
  CaptureError,
  InvalidOptionError,
  Lab,
  type Node,
  NodeRemovedError,
  PacketExpectedError,
  PcapReader,
} from "@netyard/netyard";
import { handles } from "../../lib/lab/model/handles.ts";
import { openCaptures } from "../../lib/node/capture/open_captures.ts";
import { udp } from "../lab/kit.ts";
import { pair, text } from "./fixtures/topology.ts";

const read = (file: Uint8Array) => new PcapReader().feed(file);
const PORT = 9999;
const isOurs = (packet: CapturedPacket) => packet.destinationPort === PORT;

/** The lines that tcpdump makes of a pcap file. */
async function tcpdumpLines(file: Uint8Array | string, ...args: string[]): Promise<string[]> {
  const child = new Deno.Command("tcpdump", {
    args: ["-n", "-r", typeof file === "string" ? file : "-", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (typeof file !== "string") await writer.write(file);
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert(success, text(stderr));
  return text(stdout).trim().split("\n").filter(Boolean);
}

/** Sends datagrams from a node, as fast as it can. */
async function burst(node: Node, ip: string, count: number): Promise<void> {
  const script = "import socket, sys\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n" +
    `for i in range(${count}): s.sendto(str(i).encode(), ("${ip}", ${PORT}))`;
  const { success, stderr } = await node.command("python3", { args: ["-c", script] }).output();
  assert(success, text(stderr));
}

Deno.test("a ping is captured, and tcpdump reads the file as the reader does", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using capture = await laptop.capture("eth0", { filter: "icmp" });
  await laptop.$`ping -c 1 ${server.ip!}`.quiet();
  const file = await capture.drain(0);
  const packets = read(file);
  assertEquals(
    packets.map((
      { sourceIp, destinationIp, protocol, length },
    ) => [sourceIp, destinationIp, protocol, length]),
    [[laptop.ip, server.ip, "icmp", 98], [server.ip, laptop.ip, "icmp", 98]],
  );
  assertEquals(packets[0].sourceMac, laptop.interface("eth0").mac);
  assert(Math.abs(packets[0].timestampMs - Date.now()) < 60_000);
  const lines = await tcpdumpLines(file);
  assertEquals(lines.length, 2);
  assertMatch(lines[0], new RegExp(`IP ${laptop.ip} > ${server.ip}: ICMP echo request`));
});

Deno.test("a router's LAN is captured as lan, also with one device on it, and who comes later", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const on = (name: string) => lab.addDevice(name, { interfaces: { eth0: { gateway: dc } } });
  const one = await on("one");
  await using capture = await dc.capture("lan", { filter: "icmp[icmptype] = icmp-echo" });
  await one.$`ping -c 1 ${dc.downstreamGateway!}`.quiet();
  const two = await on("two");
  await two.$`ping -c 1 ${one.ip!}`.quiet();
  const seen = read(await capture.drain(0)).map((packet) => packet.sourceIp);
  assertEquals(seen, [one.ip, two.ip]);
});

Deno.test("nothing is lost from the call on, nor what is sent right before close", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using socket = udp(laptop, laptop.ip!);
  for (let round = 0; round < 50; round++) {
    const capture = await server.capture();
    await socket.send(server.ip!, PORT);
    await socket.send(server.ip!, PORT);
    await capture.close();
    const packets = read(await capture.drain(0)).filter(isOurs);
    assertEquals(packets.length, 2, `round ${round}`);
  }
});

Deno.test("a burst of 2,000 datagrams is there, in order, while others go on", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using capture = await laptop.capture("eth0", { filter: `udp port ${PORT}` });
  await burst(laptop, server.ip!, 2000);
  const packets = read(await capture.drain(0));
  assertEquals(capture.dropped, 0);
  assertEquals(packets.map((p) => text(p.payload!)), [...Array(2000).keys()].map(String));
  assertEquals(capture.packetCount, 2000);
});

Deno.test("each drain has the packets since the last, as a file of its own", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using socket = udp(laptop, laptop.ip!);
  await using capture = await laptop.capture("eth0", { filter: `udp port ${PORT}` });
  const counts: number[] = [];
  for (const sent of [3, 0, 2]) {
    for (let i = 0; i < sent; i++) await socket.send(server.ip!, PORT);
    const file = await capture.drain(20);
    counts.push(read(file).length);
    assertEquals((await tcpdumpLines(file)).length, sent);
  }
  assertEquals(counts, [3, 0, 2]);
  await capture.close();
  assertEquals(
    read(await capture.drain(60_000)).length,
    0,
    "nothing to wait for once it is closed",
  );
});

Deno.test("expect() finds packets that came before it and after, and says what it saw instead", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using socket = udp(laptop, laptop.ip!);
  await using capture = await laptop.capture("eth0", { filter: "udp" });
  await socket.send(server.ip!, PORT);
  assertEquals((await capture.expect(isOurs, { timeoutMs: 0 })).destinationIp, server.ip);
  const later = capture.expect((packet) => packet.destinationPort === PORT + 1);
  await socket.send(server.ip!, PORT + 1);
  assertEquals((await later).destinationPort, PORT + 1);
  const error = await assertRejects(
    () => capture.expect((packet) => packet.protocol === "tcp", { timeoutMs: 50, what: "a SYN" }),
    PacketExpectedError,
    "capture of laptop eth0: expected a SYN, and within 50 ms none of 2 packets was it; " +
      "the last of them:\n  ",
  );
  assertEquals(error.seen, 2);
  assertMatch(
    error.message,
    new RegExp(`\\n {2}[\\d:.]{12} ${laptop.ip}:\\d+ > ${server.ip}:${PORT + 1} udp, 43 bytes$`),
  );
  await assertRejects(
    () => capture.expect(() => fail("the predicate's")),
    Error,
    "the predicate's",
  );
  const pending = capture.expect((packet) => packet.protocol === "tcp");
  await Promise.all([
    assertRejects(() => pending, PacketExpectedError, "until it was closed none of 2"),
    capture.close(),
  ]);
});

function fail(message: string): never {
  throw new Error(message);
}

Deno.test("the stream, packets() and files have all from the first packet on, side by side", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using socket = udp(laptop, laptop.ip!);
  const dir = await Deno.makeTempDir();
  try {
    const capture = await laptop.capture("eth0", { filter: "udp" });
    const path = `${dir}/capture.pcap`;
    await socket.send(server.ip!, PORT);
    await capture.toFile(path);
    assertEquals((await tcpdumpLines(path)).length, 1);
    await socket.send(server.ip!, PORT);
    await capture.drain(0);
    await capture.toFile(path);
    assertEquals((await tcpdumpLines(path)).length, 2);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["capture.pcap"]);
    const bytes = new Response(capture.bytes).bytes();
    const listed = Array.fromAsync(capture.packets());
    await capture.close();
    assertEquals(await bytes, await Deno.readFile(path));
    assertEquals((await listed).length, 2);
    await assertRejects(() => capture.toFile(`${dir}/none/x.pcap`), CaptureError, `${dir}/none`);
    await Deno.mkdir(`${dir}/taken`);
    await assertRejects(() => capture.toFile(`${dir}/taken`), CaptureError, "taken");
    assertEquals([...Deno.readDirSync(dir)].length, 2, "no temporary file is left");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a path that ends in .pcapng makes pcapng, with the name of node and interface", async () => {
  await using lab = await Lab.create();
  const { dc, laptop, server } = await pair(lab);
  const dir = await Deno.makeTempDir();
  try {
    await using capture = await laptop.capture("eth0", { filter: "icmp" });
    await using all = await dc.capture("any", { filter: "icmp" });
    await laptop.$`ping -c 2 -i 0.1 -w 20 ${server.ip!}`.quiet();
    const path = `${dir}/laptop.pcapng`;
    await capture.toFile(path);
    const lines = await tcpdumpLines(path);
    assertEquals(lines.length, 4);
    assertMatch(lines[0], new RegExp(`IP ${laptop.ip} > ${server.ip}: ICMP echo request`));
    const fields = ["frame.interface_name", "frame.time_epoch", "ip.src"];
    const tshark = async (file: string) => {
      const { success, stdout, stderr } = await new Deno.Command("tshark", {
        args: ["-r", file, "-T", "fields", ...fields.flatMap((field) => ["-e", field])],
      }).output();
      assert(success, text(stderr));
      return text(stdout).trim().split("\n").map((line) => line.split("\t"));
    };
    const seen = await tshark(path);
    assertEquals(seen.map(([name, , source]) => [name, source]), [
      ["laptop eth0", laptop.ip],
      ["laptop eth0", server.ip],
      ["laptop eth0", laptop.ip],
      ["laptop eth0", server.ip],
    ]);
    const [first] = read(await capture.drain(0));
    assert(Math.abs(Number(seen[0][1]) * 1000 - first.timestampMs) < 0.001);
    await all.toFile(new URL(`file://${dir}/dc.pcapng`));
    assertEquals((await tshark(`${dir}/dc.pcapng`))[0].slice(0, 1), ["dc any"]);
    await capture.toFile(`${dir}/laptop.pcap`);
    assertEquals(read(await Deno.readFile(`${dir}/laptop.pcap`)).length, 4);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("of several interfaces, all are captured, with the direction that is asked for", async () => {
  await using lab = await Lab.create();
  const { dc, laptop, server } = await pair(lab);
  await using both = await dc.capture(undefined, { filter: "icmp" });
  await using incoming = await dc.capture("any", { filter: "icmp", direction: "in" });
  assertEquals(both.label, "capture of dc any");
  await laptop.$`ping -c 1 ${server.ip!}`.quiet();
  const packets = read(await both.drain(0));
  assertEquals(new Set(packets.map(({ linkType }) => linkType)), new Set([276]));
  assertEquals(packets[0].sourceIp, laptop.ip);
  assertEquals(packets[0].protocol, "icmp");
  const entered = read(await incoming.drain(0));
  assert(entered.length > 0 && entered.length < packets.length);
});

Deno.test("close() can be called again, and open captures are known by name", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const host = handles.get(laptop)!.runtime;
  const first = await laptop.capture();
  const second = await laptop.capture("lo");
  assertEquals(openCaptures(host), ["capture of laptop eth0", "capture of laptop lo"]);
  await Promise.all([first.close(), first.close()]);
  await first.close();
  assertEquals(openCaptures(host), ["capture of laptop lo"]);
  await second.close();
  assertEquals(openCaptures(host), []);
});

Deno.test("a capture that reaches maxBytes ends with an error, and hands over what it has", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  const dir = await Deno.makeTempDir();
  try {
    await using capture = await laptop.capture("eth0", { maxBytes: 20_000 });
    await burst(laptop, server.ip!, 2000);
    const error = await assertRejects(
      () => capture.expect(() => false),
      CaptureError,
      "it reached maxBytes (20000)",
    );
    assertStringIncludes(error.message, "capture of laptop eth0 ended after");
    await assertRejects(() => capture.toFile(`${dir}/some.pcap`), CaptureError, "maxBytes");
    assertEquals((await tcpdumpLines(`${dir}/some.pcap`)).length, capture.packetCount);
    assertEquals(read(await capture.drain(0)).length, capture.packetCount);
    await assertRejects(() => capture.drain(0), CaptureError, "maxBytes");
    await assertRejects(() => new Response(capture.bytes).bytes(), CaptureError, "maxBytes");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("what cannot be captured is refused with the reason", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await assertRejects(
    () => laptop.capture("eth9"),
    CaptureError,
    "capture of laptop eth9: there is no such interface; there are: lo, eth0, and any",
  );
  await assertRejects(
    () => laptop.capture("eth0", { filter: "udp prt 53" }),
    CaptureError,
    "capture of laptop eth0: tcpdump refused: can't parse filter expression: syntax error",
  );
  await assertRejects(
    () => laptop.capture("eth0", { snaplen: 5 } as never),
    InvalidOptionError,
    'capture of laptop eth0: unknown option "snaplen"; did you mean "snapLength"?',
  );
});

Deno.test("a capture ends with its node, keeps what it has, and says so", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using capture = await laptop.capture();
  await laptop.$`ping -c 1 ${server.ip!}`.quiet();
  await capture.expect(({ sourceIp }) => sourceIp === server.ip);
  const waiting = capture.expect(() => false);
  await Promise.all([
    assertRejects(
      () => waiting,
      CaptureError,
      'capture of laptop eth0 ended: node "laptop" is gone',
    ),
    lab.remove(laptop),
  ]);
  assert(read(await capture.drain(0)).length >= 2);
  await capture.close();
  await assertRejects(() => laptop.capture(), NodeRemovedError);
});

Deno.test("a capture goes on while its link is down and up again", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await using capture = await laptop.capture("eth0", { filter: "icmp" });
  await laptop.interface("eth0").linkDown();
  assertEquals(read(await capture.drain(0)).length, 0);
  await laptop.interface("eth0").linkUp();
  await laptop.$`ping -c 1 ${server.ip!}`.quiet();
  assertEquals(read(await capture.drain(0)).length, 2);
});
