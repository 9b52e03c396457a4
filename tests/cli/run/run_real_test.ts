import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hasCapabilities } from "../../../native/process/capabilities.ts";
import { loadSimulations } from "../../../lib/sim/load.ts";
import { runAll } from "../../../lib/sim/run/run_all.ts";
import { inDirectory } from "../kit.ts";
import { assertFailed, RealRun, type RealRunOptions } from "./real_run.ts";
import type { Round } from "./run_rounds.ts";

const MANY = new URL("run_rounds.ts", import.meta.url).pathname;

const NETWORK = `
[[router]]
name = "dc"
[device.box.eth0]
gateway = "dc"
[device.peer.eth0]
gateway = "dc"
`;

function program(line: string, more = ""): string {
  return `[[step]]
action = "run"
id = "program"
device = "box"
cmd = ["sh", "-c", ${JSON.stringify(line)}]
${more}`;
}

const simulation = (steps: string, more = "") => `[sim]\nname = "s"\n${more}${NETWORK}${steps}`;

/** Runs `netyard run sim.toml` with these additional arguments to its end. */
async function ran(
  toml: string,
  look: (run: RealRun, ended: { code: number; ms: number }) => void | Promise<void>,
  args: string[] = [],
  options: RealRunOptions = {},
): Promise<void> {
  await using run = await RealRun.start(toml, ["run", "sim.toml", ...args], options);
  const begin = performance.now();
  const code = await run.ends();
  await look(run, { code, ms: performance.now() - begin });
  assertEquals(await run.leftovers(), []);
}

/** The memory limit of a command: about 100 MB for Deno itself, and as much for the queues. */
const MOST_KIB = 260_000;
const TIME = ["/usr/bin/time", "-f", "rss=%M"];

/** The largest memory of a run, in KiB. */
function memory({ text }: RealRun): number {
  return Number(/^rss=(\d+)$/m.exec(text)?.[1]);
}

const hasTime = await Deno.stat(TIME[0]).then(() => true, () => false);

Deno.test({
  name: "however much programs print, and whatever, it takes little memory and is in the logs",
  ignore: !hasTime,
  fn: async () => {
    const size = 60 << 20;
    const endless = `head -c ${size} /dev/zero | tr '\\0' x`;
    await ran(
      simulation(program(endless, `[step.captures.none]\nregex = "y(.)"\n`)),
      async (run, { code }) => {
        assertEquals(code, 0, run.text);
        assertStringIncludes(run.text, 'the capture "program.none" never matched, in 1 lines');
        assert(memory(run) < MOST_KIB, run.text);
        const log = `${run.directory}/.netyard-work/latest/s/nodes/box/stdout.log`;
        assertEquals((await Deno.stat(log)).size, size);
      },
      [],
      { before: TIME },
    );
    // 20 MB of binary data, to the standard error of a program that fails.
    await ran(
      simulation(program("head -c 20000000 /dev/urandom >&2; exit 3")),
      (run, { code }) => {
        assertFailed(code, run.text);
        assertStringIncludes(run.text, "(exit code 3)");
        // deno-lint-ignore no-control-regex
        assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(run.text), false);
        assert(run.text.length < 100_000 && memory(run) < MOST_KIB, run.text);
      },
      [],
      { before: TIME },
    );
  },
});

Deno.test("a program that closes its outputs is waited for, and the processes that it leaves behind are not", async () => {
  const steps = [
    program("exec >&- 2>&-; sleep 0.3; exit 4"),
    program("(trap '' TERM; setsid sh -c 'while echo x; do sleep 0.2; done') & echo first"),
    program("setsid yes & echo first"),
  ];
  const looks = [
    (run: RealRun, { code }: { code: number }) => {
      assertFailed(code, run.text);
      assertStringIncludes(run.text, "ended with exit code 4");
    },
    (run: RealRun, { code, ms }: { code: number; ms: number }) => {
      assertEquals(code, 0, run.text);
      assert(ms < 12_000, `${ms} ms`);
    },
    (run: RealRun, { code }: { code: number }) => assertEquals(code, 0, run.text),
  ];
  await Promise.all(steps.map((step, i) => ran(simulation(step), looks[i])));
});

Deno.test("a matrix leaves nothing in the process: the same number of files is open after 24 variants as after 8", async () => {
  // In a separate process, since other tests run in this one.
  await inDirectory(async (directory) => {
    const variants = Array.from({ length: 8 }, (_, i) => `"${i}"`);
    const matrix = `[matrix]\nx = [${variants}]\n`;
    await Deno.writeTextFile(`${directory}/sim.toml`, simulation(program("true")) + matrix);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--cached-only", MANY, directory],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assertEquals(new TextDecoder().decode(stderr), "");
    const [first, ...later] = JSON.parse(said) as Round[];
    for (const { descriptors, threads, passed } of later) {
      assertEquals(passed, 8);
      // One leaked file per variant would be 8; some of the last variant may still be closing.
      assert(descriptors < first.descriptors + 8, said);
      // Threads of Deno for blocking work, which end when there is none.
      assert(threads <= first.threads + 12, said);
    }
  });
});

Deno.test("two runs at the same time in one work directory are separate, and the latest is complete", async () => {
  await using first = await RealRun.start(simulation(program("sleep 0.3")));
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--cached-only"],
      new URL("../../../lib/cli/main.ts", import.meta.url).pathname,
      ...["run", "sim.toml"],
    ],
    cwd: first.directory,
    stdout: "null",
    stderr: "null",
  });
  const [{ code }] = await Promise.all([command.output(), first.ends()]);
  assertEquals([code, await first.ends()], [0, 0], first.text);
  const runs = [...Deno.readDirSync(`${first.directory}/.netyard-work`)]
    .filter(({ isSymlink }) => !isSymlink);
  assertEquals(runs.length, 2);
  assertEquals((await first.output("manifest.json")).status, "passed");
});

/** Runs in a new mount namespace, with a small file system mounted on `disk`. */
function onDisk(options: string): string[] {
  const line = `mount -t tmpfs -o ${options} none disk && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", `mkdir -p disk && ${line}`, "sh"];
}

Deno.test({
  name: "a full disk, or one that is read-only, is told and fails the run, and nothing hangs",
  ignore: !hasCapabilities(), // it mounts
  fn: async () => {
    const toml = simulation(program("head -c 4000000 /dev/zero"));
    await ran(
      toml,
      (run, { code }) => {
        assertFailed(code, run.text);
        assertMatch(
          run.text,
          /^error: cannot write disk\/sim-.*\/sim\.json: No space left on device/m,
        );
      },
      ["--work-dir", "disk"],
      { before: onDisk("size=1m") },
    );
    await ran(
      toml,
      (run, { code }) => {
        assertFailed(code, run.text);
        assertMatch(run.text, /^cannot make the run directory disk\/sim-.*Read-only file system/);
      },
      ["--work-dir", "disk"],
      { before: onDisk("ro") },
    );
    await ran(
      toml,
      (run, { code }) => {
        assertFailed(code, run.text);
        assertStringIncludes(
          run.text,
          "cannot write to the standard output: No space left on device",
        );
      },
      [],
      { before: ["sh", "-c", 'exec "$@" >/dev/full', "sh"] },
    );
  },
});

Deno.test("a cache that cannot be written is reported before anything runs", async () => {
  const toml = simulation(
    `[[step]]\naction = "run"\ndevice = "box"\ncmd = ["\${binary.tool}"]\n` +
      `[[binary]]\nname = "tool"\nmode = "command"\ncommand = "true"\npath = "tool"\n`,
  );
  await ran(
    toml,
    (run, { code }) => {
      assertEquals(code, 1, run.text);
      assertMatch(
        run.text,
        /^cannot .*\/proc\/nothing.*: set NETYARD_CACHE to another directory$/m,
      );
    },
    [],
    { env: { NETYARD_CACHE: "/proc/nothing" } },
  );
});

Deno.test("time limits end each waiting step, the building of the network, and the whole simulation", async () => {
  const sleeper = `[[step]]
action = "spawn"
id = "sleeper"
device = "box"
cmd = ["sleep", "100"]
[step.captures.up]
regex = "up"
`;
  const step = (action: string, more: string) =>
    `[[step]]\naction = "${action}"\ntimeout = "300ms"\n${more}`;
  const late = [
    [program("sleep 100", `timeout = "300ms"\n`), /"sh -c sleep 100" did not end within 300 ms/],
    [step("wait", `duration = "100s"\n`), /waiting 100 s was not done within 300 ms/],
    [sleeper + step("wait-for", `id = "sleeper"\n`), /"sleep 100" of step "sleeper" did not end/],
    [sleeper + step("assert", `check = "sleeper.up == 1"\n`), /waited 300 ms for the capture/],
    [
      sleeper + step("gen-file", `id = "file"\ncontent = "\${sleeper.up}"\n`),
      /waited 300 ms for the capture "sleeper\.up"/,
    ],
  ] as const;
  await inDirectory(async (directory) => {
    const files = late.map(([steps], i) => [`late-${i}`, steps, ""] as const);
    for (
      const [name, steps, more] of [
        ...files,
        ["whole", program("sleep 100"), `timeout = "400ms"\n`],
        ["network", program("true"), `timeout = "1ms"\n`],
      ]
    ) {
      const toml = simulation(steps, more).replace('"s"', `"${name}"`);
      await Deno.writeTextFile(`${directory}/${name}.toml`, toml);
    }
    const simulations = await loadSimulations([directory]);
    const { outcomes } = await runAll(simulations, {
      workDir: directory,
      jobs: 2,
      binaries: new Map(),
    });
    const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
    assertEquals(outcomes.map(({ status }) => status), outcomes.map(() => "timed-out"));
    for (const [i, [, message]] of late.entries()) {
      assertMatch(byName.get(`late-${i}`)!.failure!.message, message);
    }
    assertMatch(
      byName.get("whole")!.failure!.message,
      /did not end within 400 ms: it was at step 1/,
    );
    assertMatch(byName.get("network")!.failure!.message, /^the simulation did not end within 1 ms/);
  });
});

Deno.test("a seed decides which packets are lost", async () => {
  // Only the ping is on the links: no ARP between the two, and no IPv6 packets of the kernel.
  const toml = `[sim]
name = "s"
[[router]]
name = "near"
preset = "public-v4"
[[router]]
name = "far"
preset = "public-v4"
[device.box.eth0]
gateway = "near"
condition = { loss_pct = 40 }
[device.peer.eth0]
gateway = "far"
` + program(
    "ping -c 30 -i 0.01 -W 0.3 $1 | grep -o 'icmp_seq=[0-9]*' | tr '\\n' ' '",
    `[step.captures.seen]\nregex = ".+"\n`,
  ).replace('"]\n', '", "sh", "$NETYARD_IP_peer"]\n');
  // netem in the kernel, if there is one, has its own random numbers.
  const options = { env: { NETYARD_LINK_ENGINE: "emulator" } };
  const seen = (seed: number) => {
    let captured = "";
    return ran(
      toml,
      async (run, { code }) => {
        assertEquals(code, 0, run.text);
        const { captures } = await run.output("s/sim.json");
        captured = (captures as Record<string, string>)["program.seen"];
      },
      ["--seed", String(seed)],
      options,
    ).then(() => captured);
  };
  const [first, again, other] = await Promise.all([seen(7), seen(7), seen(8)]);
  assertMatch(first, /^icmp_seq=/);
  assertEquals(again, first);
  assert(other !== first, first);
});
