import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasCapabilities } from "../../../native/process/capabilities.ts";
import { waitUntil } from "../../../lib/testing/wait_until.ts";
import { RealRun, type RealRunOptions } from "./real_run.ts";

const NETWORK = `
[[router]]
name = "dc"
[device.box.eth0]
gateway = "dc"
`;

function program(line: string, action = "run"): string {
  return `[[step]]
action = "${action}"
id = "program"
device = "box"
cmd = ["sh", "-c", ${JSON.stringify(line)}]
`;
}

const simulation = (steps: string, more = "") => `[sim]\nname = "s"\n${more}${NETWORK}${steps}`;

/** A program that must be built. */
const build = (line: string) =>
  simulation(`[[step]]\naction = "run"\ndevice = "box"\ncmd = ["\${binary.tool}"]\n`) + `
[[binary]]
name = "tool"
mode = "command"
command = ${JSON.stringify(line)}
path = "tool"
`;

/** Starts a run, waits for a text in its output, and sends it a signal. */
async function ended(
  { toml, says, args = [], options }: {
    toml: string;
    says: string;
    args?: string[];
    options?: RealRunOptions;
  },
  end: (run: RealRun) => void | Promise<void>,
  look: (run: RealRun, ended: { code: number; ms: number }) => void | Promise<void>,
): Promise<void> {
  await using run = await RealRun.start(toml, ["run", "sim.toml", "-v", ...args], options);
  await run.says(says);
  const begin = performance.now();
  await end(run);
  const code = await run.ends();
  await look(run, { code, ms: performance.now() - begin });
  assertEquals(await run.leftovers(), []);
}

/** Checks that all outputs exist, and have the status interrupted. */
async function assertWhole(run: RealRun, { code }: { code: number }, at: RegExp): Promise<void> {
  assertEquals(code, 130, run.text);
  const { status, endedAt } = await run.output("manifest.json");
  assertEquals(status, "interrupted");
  assert(endedAt !== null);
  const { failure, status: how } = await run.output("s/sim.json");
  assertEquals(how, "interrupted");
  assertMatch((failure as { message: string }).message, at);
  for (const name of ["s/results.json", "combined-results.json", "progress.json"]) {
    assert(await run.output(name), name);
  }
}

async function comesTo(run: RealRun, doing: string): Promise<void> {
  await waitUntil(async () => {
    const { simulations } = await run.output("progress.json");
    return (simulations as { doing: string | null }[])[0].doing === doing;
  });
}

/** `doing` waits for a state of the run that its output does not show. */
const PHASES: { name: string; toml: string; doing?: string; at: RegExp }[] = [
  { name: "a run step", toml: program("echo up; exec sleep 100"), at: /at step 1, run program/ },
  {
    name: "a wait step",
    toml: `${program("echo up")}[[step]]\naction = "wait"\nduration = "100s"\n`,
    doing: "wait step-2",
    at: /at step 2, wait step-2, waiting 100 s$/,
  },
  {
    name: "a wait-for step beside a capture of packets",
    toml: `[[step]]\naction = "capture"\nid = "packets"\ndevice = "box"\n` +
      program("echo up; exec sleep 100", "spawn") +
      `[[step]]\naction = "wait-for"\nid = "program"\n`,
    at: /at step 3, wait-for step-3/,
  },
];

for (const { name, toml, doing, at } of PHASES) {
  Deno.test(`Ctrl-C on the terminal ends ${name}, with all outputs and nothing left`, async () => {
    await ended(
      { toml: simulation(toml), says: "| up\n" },
      async (run) => {
        if (doing !== undefined) await comesTo(run, doing);
        run.signalGroup("SIGINT");
      },
      (run, how) => assertWhole(run, how, at),
    );
  });
}

// Daemons in their own sessions, and one that ignores all signals that can be ignored.
const STUBBORN = `(setsid sh -c "trap '' TERM INT HUP; sleep 100; sleep 100" &)
setsid sleep 100 & echo up; sleep 100`;

Deno.test("daemons of an interrupted program are killed, whatever signals they ignore", async () => {
  await ended(
    { toml: simulation(program(STUBBORN)), says: "| up\n" },
    (run) => run.signal("SIGTERM"),
    (run, how) => assertWhole(run, how, /at step 1/),
  );
});

Deno.test("nothing is left if the command itself is killed, or interrupted twice", async () => {
  const toml = simulation(program(STUBBORN));
  await ended({ toml, says: "| up\n" }, (run) => run.signal("SIGKILL"), (_, { code }) => {
    assertEquals(code, 137);
  });
  const twice = async (run: RealRun) => {
    run.signal("SIGINT");
    await run.says("ending; press Ctrl-C again to exit now");
    run.signal("SIGINT");
  };
  const ignoring = simulation(program("trap '' TERM; echo up; sleep 100; sleep 100"));
  await ended({ toml: ignoring, says: "| up\n" }, twice, (_, { code, ms }) => {
    assertEquals(code, 130);
    // The program would have two seconds to end by itself.
    assert(ms < 1500, `${ms} ms`);
  });
});

Deno.test("Ctrl-C ends the running variants of a matrix, and starts no others", async () => {
  await ended(
    {
      toml: `${simulation(program("echo up; exec sleep 100"))}[matrix]\nx = ["1", "2", "3"]\n`,
      says: "s-2 box | up\n",
      args: ["--jobs", "2"],
    },
    async (run) => {
      await run.says("s-1 box | up\n");
      run.signalGroup("SIGINT");
    },
    async (run, { code }) => {
      assertEquals(code, 130);
      const { simulations } = await run.output("manifest.json");
      const statuses = (simulations as { status: string }[]).map(({ status }) => status);
      assertEquals(statuses, ["interrupted", "interrupted", "not-run"]);
    },
  );
});

Deno.test("a build ends with the command, however it ends, and before anything has run", async () => {
  const toml = build("trap '' TERM INT; echo up; sleep 100; sleep 100");
  const says = 'binary "tool": up\n';
  const noRun = async (run: RealRun) => {
    assertEquals(await run.output("manifest.json").catch(() => "none"), "none");
  };
  await ended({ toml, says }, (run) => run.signal("SIGKILL"), noRun);
  await ended({ toml, says }, async (run) => {
    run.signal("SIGINT");
    await run.says("ending; press Ctrl-C again to exit now");
    run.signal("SIGINT");
  }, (_, { code }) => assertEquals(code, 130));
  await ended({ toml: build("echo up; sleep 100"), says }, (run) => run.signalGroup("SIGINT"), (
    _,
    { code, ms },
  ) => {
    assertEquals(code, 130);
    assert(ms < 1500, `${ms} ms`);
  });
});

Deno.test({
  name: "Ctrl-C on the terminal is the same for who has no privileges",
  // In a user namespace with one user, or without setpriv(1), no privileges can be dropped.
  ignore: !hasCapabilities(),
  fn: async () => {
    const before = ["setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all"];
    for (const { toml, at } of [PHASES[0], PHASES[2]]) {
      await ended(
        { toml: simulation(toml), says: "| up\n", options: { before } },
        (run) => run.signalGroup("SIGINT"),
        async (run, how) => {
          await assertWhole(run, how, at);
          assert(how.ms < 1500, `${how.ms} ms`);
        },
      );
    }
    await ended(
      { toml: simulation(program(STUBBORN)), says: "| up\n", options: { before } },
      (run) => run.signal("SIGKILL"),
      (_, { code }) => assertEquals(code, 137),
    );
  },
});
