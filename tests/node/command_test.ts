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
import { netOf, ownNamespace, pair, text, TextReader } from "./fixtures/topology.ts";

const sh = (script: string): Deno.CommandOptions => ({ args: ["-c", script] });
const NAMESPACES = "for n in net pid mnt; do readlink /proc/self/ns/$n; done";

Deno.test("command() runs in the node's network, PID and mount namespaces, in all three ways", async () => {
  await using lab = await Lab.create();
  const { dc, laptop } = await pair(lab);
  for (const node of [laptop, dc, lab.ix]) {
    const command = node.command("sh", { ...sh(NAMESPACES), stdout: "piped" });
    const seen = text((await command.output()).stdout);
    assertEquals(text(command.outputSync().stdout), seen);
    await using child = command.spawn();
    assertEquals(text(await new Response(child.stdout).bytes()), seen);
    const [net, pid, mnt] = seen.trim().split("\n");
    assertEquals(net, netOf(node));
    assertNotEquals(pid, ownNamespace("pid"));
    assertNotEquals(mnt, ownNamespace("mnt"));
  }
});

Deno.test("command() passes awkward arguments as they are", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const awkward = ["", " ", "'\"", "$HOME", "a\nb", "--", "-x", "é", "--mount=/x"];
  const command = laptop.command("printf", { args: ["%s\\0", ...awkward] });
  for (const { stdout } of [await command.output(), command.outputSync()]) {
    assertEquals(text(stdout).split("\0"), [...awkward, ""]);
  }
});

Deno.test("command() takes cwd as a path or a URL, and programs relative to it", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "a b" }));
  try {
    const pwd = (cwd?: string | URL) => text(laptop.command("pwd", { cwd }).outputSync().stdout);
    assertEquals(pwd(dir), `${dir}\n`);
    assertEquals(pwd(new URL(`file://${dir}`)), `${dir}\n`);
    assertEquals(pwd(), `${await Deno.realPath(".")}\n`);
    await Deno.writeTextFile(`${dir}/own`, "#!/bin/sh\necho own\n", { mode: 0o755 });
    const { stdout } = await laptop.command("./own", { cwd: dir }).output();
    assertEquals(text(stdout), "own\n");
    const url = new URL(`file://${dir}/own`);
    assertEquals(text((await laptop.command(url).output()).stdout), "own\n");
    await assertRejects(
      () => laptop.command("pwd", { cwd: `${dir}/none` }).output(),
      Deno.errors.NotFound,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("command() gives the environment that is asked for, and the node's name", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const script = sh("echo $A $NETYARD_NODE ${HOME:-none}");
  const run = (options: Deno.CommandOptions) =>
    text(laptop.command("sh", { ...script, ...options }).outputSync().stdout);
  assertEquals(run({ env: { A: "1", HOME: "/h" } }), "1 laptop /h\n");
  assertEquals(run({ env: { A: "1" }, clearEnv: true }), "1 none\n");
  const { stdout } = await laptop.command("env", { clearEnv: true, env: { B: "2" } }).output();
  assertEquals(text(stdout), "B=2\n");
});

Deno.test("command() looks programs up on the PATH that is asked for", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/ping`, "#!/bin/sh\necho mine\n", { mode: 0o755 });
    const { stdout } = await laptop.command("ping", { env: { PATH: dir } }).output();
    assertEquals(text(stdout), "mine\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("command() feeds a program by its stdin and streams what it prints", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const child = laptop.command("sh", {
    ...sh("cat; echo done >&2"),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const out = new TextReader(child.stdout);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("one\n"));
  await out.until(/one\n/);
  await writer.write(new TextEncoder().encode("two\n"));
  await writer.close();
  assertEquals(await out.rest(), "one\ntwo\n");
  assertEquals(await new Response(child.stderr).text(), "done\n");
  assertEquals((await child.status).success, true);
});

Deno.test("command() collects what spawn() pipes, and megabytes of it", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const options = { ...sh("head -c 3000000 /dev/zero; echo err >&2"), stdout: "piped" } as const;
  const child = laptop.command("sh", { ...options, stderr: "piped" }).spawn();
  const spawned = await child.output();
  assertEquals([spawned.stdout.length, text(spawned.stderr)], [3_000_000, "err\n"]);
  const sync = laptop.command("sh", sh("head -c 3000000 /dev/zero")).outputSync();
  assertEquals(sync.stdout.length, 3_000_000);
  const quiet = await laptop.command("sh", { ...options, stdout: "null", stderr: "null" }).output();
  assertThrows(() => quiet.stdout, TypeError, "not piped");
});

Deno.test("command() tells exit codes and signals exactly, in all three ways", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const cases: [script: string, code: number, signal: Deno.Signal | null][] = [
    ["exit 0", 0, null],
    ["exit 7", 7, null],
    ["exit 255", 255, null],
    ["kill -9 $$", 137, "SIGKILL"],
    ["kill -TERM $$", 143, "SIGTERM"],
    ["kill -SEGV $$", 139, "SIGSEGV"],
  ];
  for (const [script, code, signal] of cases) {
    const command = laptop.command("sh", sh(script));
    const wanted = { success: code === 0, code, signal };
    for (
      const how of [await command.spawn().status, await command.output(), command.outputSync()]
    ) {
      assertEquals({ success: how.success, code: how.code, signal: how.signal }, wanted);
    }
  }
});

Deno.test("command() kills by any signal, and tells the host's pid", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const handler = "trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done";
  const child = laptop.command("sh", { ...sh(handler), stdout: "piped" }).spawn();
  const out = new TextReader(child.stdout);
  await out.until(/ready/);
  assert(child.pid > 0);
  child.kill("SIGUSR1");
  assertEquals((await child.status).code, 5);
  assertEquals(await out.rest(), "ready\n");
  assertThrows(() => child.kill(), TypeError, "terminated");

  const other = laptop.command("sleep", { args: ["1000"] }).spawn();
  Deno.kill(other.pid, "SIGKILL");
  assertEquals(await other.status, { success: false, code: 137, signal: "SIGKILL" });
});

Deno.test("command() ends the process at the end of its scope, and by an abort signal", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  let status: Promise<Deno.CommandStatus>;
  {
    await using child = laptop.command("sleep", { args: ["1000"] }).spawn();
    status = child.status;
  }
  assertEquals((await status).signal, "SIGTERM");
  const abort = new AbortController();
  const child = laptop.command("sleep", { args: ["1000"], signal: abort.signal }).spawn();
  abort.abort();
  assertEquals((await child.status).signal, "SIGTERM");
});

Deno.test("command() runs as another user and group", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const command = laptop.command("id", { args: ["-u"], uid: 65534, gid: 65534, cwd: "/" });
  assertEquals(text((await command.output()).stdout), "65534\n");
  assertEquals(text(command.outputSync().stdout), "65534\n");
});

Deno.test("command() says which program is missing, in which node", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  for (const name of ["no-such-program", "/no/such/program", "./no-such-program"]) {
    const command = laptop.command(name);
    for (const start of [() => command.spawn(), () => command.outputSync()]) {
      const error = assertThrows(start, Deno.errors.NotFound, name);
      assertStringIncludes(error.message, "laptop");
    }
    await assertRejects(() => command.output(), Deno.errors.NotFound, name);
  }
  assertThrows(() => laptop.command("/etc").spawn(), Deno.errors.PermissionDenied, "executable");
});

Deno.test("command() refuses a program that is no name at once", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  assertThrows(() => laptop.command(""), CommandError, "names no program");
  // deno-lint-ignore no-explicit-any -- what JavaScript may pass
  assertThrows(() => laptop.command(undefined as any), CommandError, "takes a program");
});

Deno.test("command() runs programs of many nodes at once, each in its own", async () => {
  await using lab = await Lab.create();
  const { dc, server, laptop } = await pair(lab);
  const nodes = [dc, server, laptop, lab.ix];
  const rounds = Array.from({ length: 8 }, () => nodes).flat();
  const outputs = await Promise.all(
    rounds.map((node) => node.command("readlink", { args: ["/proc/self/ns/net"] }).output()),
  );
  assertEquals(outputs.map(({ stdout }) => text(stdout).trim()), rounds.map(netOf));
});

Deno.test("command() of a node whose lab closed is refused", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  const command = laptop.command("true");
  await lab.close();
  assertThrows(() => command.spawn(), NodeRemovedError, "closed");
  assertThrows(() => command.outputSync(), NodeRemovedError, "closed");
  await assertRejects(() => command.output(), NodeRemovedError, "closed");
  assertThrows(() => laptop.command("true"), NodeRemovedError, "closed");
});

Deno.test("a program in a node is not told of descriptors of the lab's", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { stdout } = await laptop.command("ls", { args: ["-l", "/proc/self/fd"] }).output();
  assertMatch(text(stdout), / 1 -> /);
  assert(!/net:\[|pid:\[|mnt:\[/.test(text(stdout)), text(stdout));
});

Deno.test("a program finds the node's links in /sys, and all else of the host's", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const { mac } = laptop.interface("eth0");
  assertEquals((await laptop.$`ls /sys/class/net`.lines()).sort(), ["eth0", "lo"]);
  assertEquals((await laptop.$`cat /sys/class/net/eth0/address`.text()).trim(), mac);
  const { stdout } = await new Deno.Command("ls", { args: ["/sys/fs/cgroup"] }).output();
  assertEquals(await laptop.$`ls /sys/fs/cgroup`.text(), text(stdout).trimEnd());
});
