import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { CITY, KeptLab, netyard, OwnRunner, processesIn } from "./kept_lab.ts";

/** The bit of SIGPIPE, signal 13, in a mask of signals. */
const SIGPIPE = 1n << 12n;

async function city(runner: OwnRunner, text = CITY): Promise<string> {
  const path = `${runner.runtimeDirectory}/city.toml`;
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("other processes enter a running lab, and nothing is left at its end", async (t) => {
  await using runner = await OwnRunner.create();
  await using lab = await KeptLab.start(runner, [await city(runner)]);
  const serverIp = /device server: eth0, ([\d.]+)/.exec(lab.printed)![1];

  await t.step("it is drawn with its addresses, and says how to enter", () => {
    assertStringIncludes(lab.printed, "city\nix\n├─ router dc: 198.18.0.2, ");
    assertMatch(lab.printed, /^ {2}netyard run-in server -- bash$/m);
  });

  await t.step("a node reaches another", async () => {
    const { code, stdout } = await lab.runIn(["laptop", "--", "ping", "-c", "1", serverIp]);
    assertStringIncludes(stdout, "1 received");
    assertEquals(code, 0);
  });

  await t.step("a node has its names, its processes, and the addresses of all", async () => {
    const script =
      'cat /etc/hosts; echo "$NETYARD_NODE $NETYARD_IP_SERVER"; ps -o pid= -C cat; pwd';
    const { stdout } = await lab.runIn(["laptop", "sh", "-c", script]);
    assertStringIncludes(stdout, "127.0.1.1\tlaptop\n");
    assertStringIncludes(stdout, `\nlaptop ${serverIp}\n`);
    assertMatch(stdout, /^ +1$/m);
    assertStringIncludes(stdout, `\n${Deno.cwd()}\n`);
  });

  await t.step("routers and the IX can be entered too", async () => {
    const { stdout } = await lab.runIn(["home", "--", "ip", "-br", "addr"]);
    assertMatch(stdout, /^wan|^ix/m);
    assertEquals((await lab.runIn(["ix", "--", "true"])).code, 0);
  });

  await t.step("the standard streams and the exit code are the program's", async () => {
    const { code, stdout, stderr } = await lab.runIn(
      ["laptop", "--", "sh", "-c", "cat; echo err >&2; exit 3"],
      "from outside\n",
    );
    assertEquals({ code, stdout, stderr }, { code: 3, stdout: "from outside\n", stderr: "err\n" });
  });

  await t.step("options of the program are its own", async () => {
    const { stdout } = await lab.runIn(["laptop", "--", "printf", "%s,", "--session", "--", "-h"]);
    assertEquals(stdout, "--session,--,-h,");
  });

  await t.step("a program whose reader is gone ends by SIGPIPE, as in a shell", async () => {
    const { stdout } = await lab.runIn(["laptop", "--", "sh", "-c", "yes | head -1"]);
    assertEquals(stdout, "y\n");
    const { stdout: ignored } = await lab.runIn(["laptop", "grep", "SigIgn", "/proc/self/status"]);
    assertEquals(BigInt(`0x${ignored.trim().split("\t")[1]}`) & SIGPIPE, 0n);
  });

  await t.step("a program that is not there is exit code 127", async () => {
    const { code, stderr } = await lab.runIn(["laptop", "--", "no-such-program"]);
    assertStringIncludes(stderr, 'laptop: there is no program "no-such-program"');
    assertEquals(code, 127);
  });

  await t.step("an unknown node is answered with the nearest", async () => {
    const { code, stderr } = await lab.runIn(["labtop"]);
    assertStringIncludes(stderr, 'has no node "labtop"');
    assertStringIncludes(stderr, 'did you mean "laptop"?');
    assertEquals(code, 1);
  });

  await t.step("inside of a node there is no way to another", async () => {
    const main = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;
    const again = [Deno.execPath(), "run", "-A", "--no-check", main, "run-in"];
    const { code, stderr } = await lab.runIn(["laptop", "--", ...again, "server", "true"]);
    assertStringIncludes(stderr, 'this shell is in the node "laptop"');
    assertEquals(code, 1);
    // In another PID namespace, no session is removed.
    const unaware = ["env", "-u", "NETYARD_NODE", ...again, "server", "true"];
    const { stderr: unseen } = await lab.runIn(["laptop", "--", ...unaware]);
    assertStringIncludes(unseen, "no lab is running");
    assertEquals((await lab.runIn(["server", "true"])).code, 0);
  });

  await t.step("an interactive shell has a terminal and job control", async () => {
    assertEquals(await interactive(runner), 5);
  });

  const { stdout } = await lab.runIn(["laptop", "readlink", "/proc/self/ns/net"]);
  const network = stdout.trim();
  assert(await processesIn(network) > 0);
  const sleeper = runner.spawn(["run-in", "laptop", "--", "sh", "-c", "echo up; sleep 1000"], {
    stdin: "null",
  });
  const reader = sleeper.stdout.getReader();
  await reader.read();

  await t.step("Ctrl-C ends it, with all that was started in it", async () => {
    const { code, said } = await lab.end("SIGINT");
    assertEquals({ code, said }, { code: 0, said: "closing the lab\n" });
    assert((await reader.read()).done);
    await sleeper.stderr.cancel();
    assertEquals((await sleeper.status).code, 137);
    assertEquals(await processesIn(network), 0);
    assertEquals([...Deno.readDirSync(`${runner.runtimeDirectory}/netyard`)], []);
  });

  await t.step("then there is nothing to enter", async () => {
    const { code, stderr } = await lab.runIn(["laptop"]);
    assertStringIncludes(stderr, "no lab is running; start one");
    assertEquals(code, 1);
  });
});

/** Runs a shell in laptop on a terminal, stops a program with Ctrl-Z, and exits with 5. */
async function interactive(runner: OwnRunner): Promise<number> {
  const main = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;
  const command = `${Deno.execPath()} run -A --no-check ${main} run-in laptop -- bash --norc -i`;
  const child = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    env: { XDG_RUNTIME_DIR: runner.runtimeDirectory, TERM: "dumb" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  let seen = "";
  const until = async (text: string) => {
    while (!seen.includes(text)) {
      const { value, done } = await reader.read();
      assert(!done, `"${text}" never came: ${seen}`);
      seen += value;
    }
    seen = seen.slice(seen.indexOf(text) + text.length);
  };
  const type = (text: string) => writer.write(new TextEncoder().encode(text));
  await until("bash-"); // The prompt.
  // The terminal echoes the input, so the expected output must differ from it.
  await type(`test -t 0 -a -t 1 && sh -c 'echo be""gun; exec sleep 1000'\n`);
  await until("begun");
  await type("\x1a");
  await until("Stopped");
  // The first exit only warns about stopped jobs.
  await type("exit 5\nexit 5\n");
  for (;;) if ((await reader.read()).done) break;
  clearTimeout(timer);
  await writer.close();
  return (await child.status).code;
}

Deno.test("one of several running labs is selected by its ID", async () => {
  await using runner = await OwnRunner.create();
  const path = await city(runner);
  await using one = await KeptLab.start(runner, [path]);
  await using two = await KeptLab.start(runner, [path]);
  const { code, stderr } = await one.runIn(["laptop", "true"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "2 labs are running");
  assertStringIncludes(stderr, `\n  ${one.id}  ${path}\n  ${two.id}  ${path}\n`);
  const network = async (id: string) =>
    (await one.runIn(["--session", id, "laptop", "readlink", "/proc/self/ns/net"])).stdout;
  assert(await network(one.id) !== await network(two.id));
  const { stderr: unknown } = await one.runIn(["--session", one.id.slice(0, -1), "laptop"]);
  assertStringIncludes(unknown, `Did you mean "${one.id}"?`);
});

Deno.test("the session of a killed process is removed", async () => {
  await using runner = await OwnRunner.create();
  await using lab = await KeptLab.start(runner, [await city(runner)]);
  const { stdout } = await lab.runIn(["laptop", "readlink", "/proc/self/ns/net"]);
  await lab.end("SIGKILL");
  const { stderr } = await lab.runIn(["laptop"]);
  assertStringIncludes(stderr, "no lab is running");
  assertEquals([...Deno.readDirSync(`${runner.runtimeDirectory}/netyard`)], []);
  await waitUntil(async () => await processesIn(stdout.trim()) === 0);
});

Deno.test("a virtual machine of a running lab runs programs through its agent", async () => {
  await using runner = await OwnRunner.create();
  const path = await city(runner, `${CITY}\n[vm.nas]\nbridges = ["home"]\n`);
  await using lab = await KeptLab.start(runner, [path]);
  const { code, stdout, stderr } = await lab.runIn([
    "nas",
    "--",
    "sh",
    "-c",
    "hostname; echo err >&2; exit 3",
  ]);
  assertEquals({ code, stdout, stderr }, { code: 3, stdout: "nas\n", stderr: "err\n" });
  const { code: refused, stderr: why } = await lab.runIn(["nas"]);
  assertStringIncludes(why, '"nas" is a virtual machine without a terminal here');
  assertEquals(refused, 1);
});

Deno.test("wrong input of inspect is refused before anything is built", async () => {
  await using runner = await OwnRunner.create();
  const path = await city(runner, CITY.replace('gateway = "home"', 'gateway = "hom"'));
  const { code, stderr } = await netyard(runner, ["inspect", path]);
  assertStringIncludes(stderr, `${path}:13: `);
  assertEquals(code, 2);
  assertEquals((await netyard(runner, ["inspect", `${path}x`])).code, 2);
});

Deno.test("inspect writes the events and logs to --work-dir", async () => {
  await using runner = await OwnRunner.create();
  const work = `${runner.runtimeDirectory}/work`;
  await using lab = await KeptLab.start(runner, ["--work-dir", work, await city(runner)]);
  const logs = /^logs: (.+)$/m.exec(lab.printed)![1];
  assert(logs.startsWith(`${work}/`));
  await lab.end();
  assertMatch(await Deno.readTextFile(`${logs}/events.jsonl`), /"kind":"lab-closed"/);
});
