import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CommandError, Lab, NodeRemovedError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { netOf, ownNamespace, pair, TextReader } from "./fixtures/topology.ts";

const NET = ["readlink", "/proc/self/ns/net"];

Deno.test("$ runs a program in a device, a router and the IX", async () => {
  await using lab = await Lab.create();
  const { dc, laptop } = await pair(lab);
  const seen = new Set([ownNamespace("net")]);
  for (const node of [laptop, dc, lab.ix]) {
    assertEquals(await node.$`${NET}`.text(), netOf(node));
    seen.add(netOf(node));
  }
  assertEquals(seen.size, 4);
});

Deno.test("$ runs every program of a pipeline in the node", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const lines = await laptop
    .$`sh -c "readlink /proc/self/ns/net; cat" < /dev/null | sh -c "cat; readlink /proc/self/ns/net" | sh -c "cat; readlink /proc/self/ns/net"`
    .lines();
  const net = netOf(laptop);
  assertEquals(lines, [net, net, net]);
});

Deno.test("$ runs programs as members of the node's PID namespace, seen in its /proc", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  assertNotEquals(await laptop.$`readlink /proc/self/ns/pid`.text(), ownNamespace("pid"));
  // Its init, and the program itself.
  const pids = await laptop.$`sh -c ${"ls /proc | grep -c '^[0-9]'"}`.text();
  assert(Number(pids) < 10, `${pids} processes are seen`);
});

Deno.test("$ passes awkward arguments as they are", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const awkward = ["", " ", "a b", "'", '"', "$HOME", "`id`", "\\", "a\nb", "*", "é", "--", "-n"];
  const out = await laptop.$`printf ${"%s\\0"} ${awkward}`.bytes();
  assertEquals(new TextDecoder().decode(out).split("\0"), [...awkward, ""]);
});

Deno.test("$ gives programs the environment that is asked for, and the node's name", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  assertEquals(await $`sh -c ${"echo $A $NETYARD_NODE"}`.env({ A: "1" }).text(), "1 laptop");
  assertEquals(await $`A=2 sh -c ${"echo $A"}`.text(), "2");
  assertEquals(await $`export A=3 && sh -c ${"echo $A"}`.text(), "3");
  const lines = await $`env`.clearEnv().env({ PATH: "/usr/bin:/bin", B: "x y" }).lines();
  assertEquals(lines.sort(), ["B=x y", "NETYARD_NODE=laptop", "PATH=/usr/bin:/bin"]);
});

Deno.test("$ works with a PATH on which nothing is", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const out = await laptop.$`/bin/sh -c ${"echo $PATH"}`.env({ PATH: "/nowhere" }).text();
  assertEquals(out, "/nowhere");
});

Deno.test("$ runs programs in the directory that is asked for", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  const dir = await Deno.makeTempDir({ prefix: "a b" });
  try {
    const real = await Deno.realPath(dir);
    assertEquals(await $`sh -c pwd`.cwd(dir).text(), real);
    assertEquals(await $`cd ${dir} && sh -c pwd`.text(), real);
    assertEquals(await $`sh -c pwd`.text(), await Deno.realPath("."));
    await $`mkdir sub && touch sub/x && cp sub/x y && rm -r sub`.cwd(dir);
    assertEquals([...Deno.readDirSync(dir)].map((e) => e.name), ["y"]);
    await assertRejects(() => $`sh -c pwd`.cwd(`${dir}/none`).quiet(), Error, "cwd does not exist");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("$ rejects when a program fails, and with noThrow() tells its exit code", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  const error = await assertRejects(() => $`sh -c "exit 7"`, Error, "Exited with code: 7");
  assertEquals((error as Error & { exitCode: number }).exitCode, 7);
  assertEquals((await $`sh -c "exit 7"`.noThrow()).code, 7);
  assertEquals((await $`sh -c "exit 7"`.noThrow(7)).code, 7);
  assertEquals(await $`sh -c "exit 255"`.code(), 255);
});

Deno.test("$ takes a program that a signal ended for failed", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  assertEquals(await $`sh -c ${"kill -9 $$"}`.code(), 128 + 9);
  assertEquals(await $`sh -c ${"kill -TERM $$"}`.code(), 128 + 15);
  await assertRejects(() => $`sh -c ${"kill -SEGV $$"}`, Error, "Exited with code: 139");
});

Deno.test("$ ends with 127 when there is no such program, as dax does", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const result = await laptop.$`no-such-program`.noThrow().stderr("piped");
  assertEquals(result.code, 127);
  assertStringIncludes(result.stderr, "no-such-program: command not found");
});

Deno.test("$ reads output as text, lines, JSON and bytes", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  assertEquals(await $`printf ${"a\\nb\\n"}`.text(), "a\nb");
  assertEquals(await $`printf ${"a\\nb\\n"}`.lines(), ["a", "b"]);
  const [link] = await $`ip -json link show lo`.json();
  assertEquals(link.ifname, "lo");
  assertEquals(await $`printf ${"\\377\\0"}`.bytes(), new Uint8Array([255, 0]));
  const big = await $`head -c 3000000 /dev/zero`.bytes();
  assertEquals(big.length, 3_000_000);
});

Deno.test("$ feeds programs a string, bytes and a stream", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  assertEquals(await $`cat`.stdinText("hello").text(), "hello");
  assertEquals(await $`od -An -tx1`.stdin(new Uint8Array([1, 2, 255])).text(), " 01 02 ff");
  const stream = new Blob(["x".repeat(300_000)]).stream();
  assertEquals(await $`wc -c`.stdin(stream).text(), "300000");
});

Deno.test("$ knows && and ||, sequences, subshells and redirections", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  const file = await Deno.makeTempFile();
  try {
    assertEquals(await $`true && echo yes || echo no`.text(), "yes");
    assertEquals(await $`sh -c "exit 1" && echo yes || echo no`.text(), "no");
    assertEquals(await $`echo a; (echo b; sh -c "echo c")`.lines(), ["a", "b", "c"]);
    await $`readlink /proc/self/ns/net > ${$.path(file)}`;
    await $`sh -c "echo err >&2" 2>> ${$.path(file)}`;
    assertEquals(await Deno.readTextFile(file), `${netOf(laptop)}\nerr\n`);
    assertEquals(await $`tail -1 < ${$.path(file)}`.text(), "err");
    assertEquals(await $`sh -c "echo out; echo err >&2" &> /dev/null`.text(), "");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("$ spawns, streams and kills", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const child = laptop.$`sh -c ${"echo ready; exec sleep 1000"}`.stdout("piped").noThrow().spawn();
  const out = new TextReader(child.stdout());
  await out.until(/ready/);
  child.kill("SIGKILL");
  assertEquals((await child).code, 128 + 9);
  assertEquals(await out.rest(), "ready\n");
});

Deno.test("$ forwards a signal that a program handles", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const script = "trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done";
  const child = laptop.$`sh -c ${script}`.stdout("piped").noThrow().spawn();
  const out = new TextReader(child.stdout());
  await out.until(/ready/);
  child.kill("SIGUSR1");
  assertEquals((await child).code, 5);
  assertEquals(await out.rest(), "ready\n");
});

Deno.test("$ ends a program that takes too long", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  // dax forgets a timeout that ends between its last look and the start of the program.
  const error = await assertRejects(() => laptop.$`/bin/sleep 1000`.timeout(2_000), Error);
  assertMatch(error.message, /Timed out/);
});

Deno.test("two nodes' $ at once do not mix", async () => {
  await using lab = await Lab.create();
  const { dc, server, laptop } = await pair(lab);
  const nodes = [dc, server, laptop, lab.ix];
  const rounds = Array.from({ length: 6 }, () => nodes).flat();
  const seen = await Promise.all(rounds.map((node) => node.$`${NET} | cat`.text()));
  assertEquals(seen, rounds.map(netOf));
});

Deno.test("$ of a node and the host's dax do not mix", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { default: $ } = await import("@david/dax");
  const [inside, outside] = await Promise.all([laptop.$`${NET}`.text(), $`${NET}`.text()]);
  assertEquals([inside, outside], [netOf(laptop), ownNamespace("net")]);
  // As in a script that runs in a node and uses dax for itself.
  const value = await laptop.$`printenv NETYARD_NODE`.text();
  assertEquals(await $`${NET}`.env("NETYARD_NODE", value).text(), ownNamespace("net"));
});

Deno.test("$ sees the node's files by cat and cp, not the host's", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await lab.dnsEntry("server.test", "198.18.7.7");
  const { $ } = laptop;
  assertStringIncludes(await $`cat /etc/hosts`.text(), "198.18.7.7\tserver.test");
  assertMatch(await $`cat /proc/net/dev`.text(), /eth0:/);
  assertEquals((await $`cp /etc/hosts /dev/stdout`.text()).includes("server.test"), true);
});

Deno.test("$ refuses redirections that would reach the host's files", async () => {
  await using lab = await Lab.create();
  const { dc } = await pair(lab);
  const { $ } = dc;
  const setting = "/proc/sys/net/ipv4/ip_forward";
  for (
    const command of [
      () => $`echo 0 > ${$.path(setting)}`,
      () => $`echo "x" > "/proc/sys/net/ipv4/ip_forward"`,
      () => $`echo 0 >/proc/sys/net/ipv4/ip_forward`,
      () => $`echo 1.2.3.4 x >> /etc/hosts`,
      () => $`wc -l < /etc/resolv.conf`,
      () => $`wc -l < /sys/class/net/ix/mtu`,
    ]
  ) {
    assertThrows(command, CommandError, "redirects");
  }
  await $`sh -c "echo 2 > /proc/sys/net/ipv4/ip_forward"`;
  await $`sh -c ${`echo 0 > ${setting}`}`;
  assertEquals(await $`cat ${setting}`.text(), "0");
  assertEquals(await $`echo fine > /dev/null`.code(), 0);
});

Deno.test("$ with noThrow() fails nobody when the lab closes, wherever it is then", async () => {
  for (const pause of [0, 0, 1, 5, 20, 50]) {
    const lab = await Lab.create();
    const { laptop } = await pair(lab);
    const long = "sleep 1000";
    const commands = [
      laptop.$`sh -c ${long}`,
      laptop.$`sh -c ${long} ; sh -c ${long}`,
      laptop.$`sleep 1000`,
      laptop.$`sleep 0.01 && sh -c ${long}`,
      laptop.$`sh -c ${long} | sort | wc -l`,
    ].map((command) => command.noThrow().quiet().spawn());
    await new Promise((resolve) => setTimeout(resolve, pause));
    await lab.close();
    for (const { code } of await Promise.all(commands)) assertNotEquals(code, 0);
  }
});

Deno.test("$ rejects what still runs when the lab closes, and then refuses", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { $ } = laptop;
  const child = $`sh -c ${"trap '' TERM HUP INT; echo ready; sleep 1000"}`.stdout("piped").spawn();
  const out = new TextReader(child.stdout());
  await out.until(/ready/);
  const sequence = $`sh -c "sleep 1000" ; sh -c "echo late"`.text();
  await waitUntil(async () => await laptop.$`pgrep -f "sleep 1000"`.quiet().code() === 0);
  await Promise.all([
    assertRejects(() => child, Error, "137"),
    assertRejects(() => sequence, Error, "Aborted"),
    // dax tells the reader, too.
    assertRejects(() => out.rest(), Error, "137"),
    lab.close(),
  ]);
  assertThrows(() => laptop.$, NodeRemovedError);
  assertThrows(() => $`sh -c "echo late"`, NodeRemovedError);
});
