import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hasCapabilities } from "../../native/capabilities.ts";
import { readLink } from "../../native/libc.ts";
import type { Obstacle } from "../../native/userns.ts";
import { OrdinaryUser, type Outcome } from "./ordinary_user.ts";

/** Tells what the process is and may, on one line. */
const REPORT = `
import { hasCapabilities } from "./native/capabilities.ts";
import { readLink } from "./native/libc.ts";
import { getLink, readLinkState } from "./native/netlink/route.ts";
import { rtnetlink } from "./native/netlink/socket.ts";
import { processArguments, processEnvironment } from "./native/process.ts";

const permission = (name: "net" | "run" | "read" | "env" | "ffi") =>
  Deno.permissions.querySync({ name }).state;
console.log(JSON.stringify({
  pid: Deno.pid,
  args: Deno.args,
  rawArgs: processArguments(),
  environment: processEnvironment(),
  cwd: readLink("/proc/self/cwd"),
  net: permission("net"),
  run: permission("run"),
  read: permission("read"),
  env: permission("env"),
  ffi: permission("ffi"),
  capable: hasCapabilities(),
  loopbackUp: readLinkState(rtnetlink((batch) => getLink(batch, 1))[0]).up,
  network: readLink("/proc/self/ns/net"),
}));
`;

const TEST_FILE = `
import "@netyard/netyard/rootless";
import { hasCapabilities } from "./native/capabilities.ts";
console.log("loaded " + import.meta.url.split("/").at(-1));
Deno.test("it is root", () => {
  if (!hasCapabilities()) throw new Error("not root");
});
`;

const PARALLEL = Array.from({ length: 8 }, (_, i) => `p${i}_test.ts`);

const FILES = {
  "report.ts": `import "@netyard/netyard/rootless";\n${REPORT}`,
  "exit.ts": `import "@netyard/netyard/rootless";\nDeno.exit(42);`,
  "echo.ts":
    `import "@netyard/netyard/rootless";\nawait Deno.stdin.readable.pipeTo(Deno.stdout.writable);`,
  "wait.ts":
    `import "@netyard/netyard/rootless";\nconsole.log("ready");\nsetInterval(() => {}, 1000);`,
  "user.ts": `import "@netyard/netyard/rootless";
    const { stdout } = await new Deno.Command("id", { args: ["-u"] }).output();
    await Deno.stdout.write(stdout);`,
  "worker.ts": `import "@netyard/netyard/rootless";\npostMessage("imported");\nself.close();`,
  "worker_of_root.ts": `import "@netyard/netyard/rootless";\nimport "./start_worker.ts";`,
  "start_worker.ts": `
    const worker = new Worker(import.meta.resolve("./worker.ts"), {
      type: "module",
      deno: { permissions: "WORKER_PERMISSIONS" === "none" ? "none" : "inherit" },
    });
    worker.onmessage = (e) => console.log(e.data);`,
  "obstacle.ts": `import { findUsernsObstacle } from "./native/reexec.ts";
    console.log(JSON.stringify(findUsernsObstacle() ?? null));`,
  "good_test.ts": TEST_FILE,
  "bad_test.ts": `${TEST_FILE}\nDeno.test("it fails", () => { throw new Error("no"); });`,
  ...Object.fromEntries(PARALLEL.map((name) => [name, TEST_FILE])),
};

async function createUser(): Promise<OrdinaryUser> {
  return await OrdinaryUser.create(["native"], {
    ...FILES,
    "start_worker_bare.ts": FILES["start_worker.ts"].replace("WORKER_PERMISSIONS", "none"),
    "worker_of_root_bare.ts": FILES["worker_of_root.ts"].replace(
      "start_worker",
      "start_worker_bare",
    ),
  });
}

/**
 * A test of what happens to an ordinary user. Where the host does not let one
 * be root in a user namespace, every script must fail with the error that says so.
 */
function rootlessTest(
  name: string,
  command: (user: OrdinaryUser) => Promise<Outcome>,
  check: (outcome: Outcome, user: OrdinaryUser) => void,
): void {
  Deno.test(name, async () => {
    await using user = await createUser();
    const probe = await user.run([user.deno, "run", "-A", "--no-check", "obstacle.ts"]);
    assertEquals(probe.code, 0, probe.stderr);
    const obstacle: Obstacle | null = JSON.parse(probe.stdout);
    const outcome = await command(user);
    if (!obstacle) return check(outcome, user);
    console.log(`no user namespaces here, so the error is checked: ${obstacle.cause}`);
    assertEquals(outcome.code, 1, outcome.stderr);
    assertStringIncludes(outcome.stderr + outcome.stdout, obstacle.cause);
    assertStringIncludes(outcome.stderr + outcome.stdout, obstacle.remedy);
  });
}

rootlessTest(
  "deno run becomes root with its arguments, directory, environment and process id",
  (user) =>
    // The shell's process id is Deno's after exec, and \\377 is no UTF-8.
    user.run([
      "sh",
      "-c",
      'echo $$; exec "$0" run -A --no-check ../report.ts "" "two words" "ü" "$(printf "\\377")"',
      user.deno,
    ], { cwd: `${user.dir}/native`, env: { GREETING: "good\nmorning" } }),
  ({ code, stdout, stderr }, user) => {
    assertEquals(code, 0, stderr);
    const [pid, json] = stdout.split("\n");
    const report = JSON.parse(json);
    assertEquals(report.pid, Number(pid));
    assertEquals(report.args.slice(0, 3), ["", "two words", "ü"]);
    assertEquals(report.rawArgs.at(-1), "\u00ff");
    assertEquals(report.cwd, `${user.dir}/native`);
    assert(report.environment.includes("GREETING=good\nmorning"));
    assert(report.environment.includes(`HOME=${user.dir}`));
    assertEquals(report.environment.filter((e: string) => e.startsWith("NETYARD_")), [
      "NETYARD_ROOTLESS=1",
    ]);
    assertEquals(report.capable, true);
    assertEquals(report.loopbackUp, true);
    assert(report.network !== readLink("/proc/self/ns/net"));
  },
);

rootlessTest(
  "Deno permissions stay: a script with --allow-ffi alone has nothing else inside",
  (user) => user.run([user.deno, "run", "--allow-ffi", "--no-check", "report.ts"]),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    const { ffi, net, run, read, env, capable, loopbackUp } = JSON.parse(stdout);
    assertEquals([ffi, net, run, read, env], ["granted", "prompt", "prompt", "prompt", "prompt"]);
    assertEquals([capable, loopbackUp], [true, true]);
  },
);

rootlessTest(
  "commands that the script starts run as root of the namespace",
  (user) => user.run([user.deno, "run", "-A", "user.ts"]),
  ({ stdout, stderr }) => assertEquals(stdout, "0\n", stderr),
);

rootlessTest(
  "exit codes pass",
  (user) => user.run([user.deno, "run", "-A", "--no-check", "exit.ts"]),
  ({ code, stderr }) => assertEquals(code, 42, stderr),
);

rootlessTest(
  "the standard input is still the script's",
  (user) => user.run([user.deno, "run", "-A", "--no-check", "echo.ts"], { stdin: "hello" }),
  ({ stdout, stderr }) => assertEquals(stdout, "hello", stderr),
);

rootlessTest("Ctrl-C ends the script", async (user) => {
  await using child = user.spawn([user.deno, "run", "-A", "--no-check", "wait.ts"]);
  const [output, errors] = [child.stdout.tee(), new Response(child.stderr).text()];
  for await (const bytes of output[0]) {
    if (new TextDecoder().decode(bytes).includes("ready")) child.kill("SIGINT");
  }
  await child.stdin.close();
  const { code, signal } = await child.status;
  return { code, signal, stdout: await new Response(output[1]).text(), stderr: await errors };
}, ({ signal, stderr }) => assertEquals(signal, "SIGINT", stderr));

rootlessTest(
  "deno eval becomes root",
  (user) => user.run([user.deno, "eval", FILES["report.ts"]]),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout).capable, true);
  },
);

rootlessTest(
  "deno test becomes root, and the file that did it runs once",
  (user) => user.run([user.deno, "test", "-A", "good_test.ts"]),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr + stdout);
    assertStringIncludes(stdout, "1 passed | 0 failed");
    assertEquals(stdout.match(/loaded good_test.ts/g)?.length, 1);
  },
);

rootlessTest(
  "deno test fails as ever when a test fails",
  (user) => user.run([user.deno, "test", "-A", "--no-check", "bad_test.ts"]),
  ({ code, stdout }) => {
    assertEquals(code, 1);
    assertStringIncludes(stdout, "1 passed | 1 failed");
  },
);

rootlessTest(
  "deno test --parallel becomes root from whichever thread is first, and runs each file once",
  (user) =>
    user.run([user.deno, "test", "-A", "--no-check", "--parallel", ...PARALLEL], {
      env: { DENO_JOBS: "8" },
    }),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr + stdout);
    assertStringIncludes(stdout, "8 passed | 0 failed");
    assertEquals(
      [...stdout.matchAll(/loaded (\S+)/g)].map((match) => match[1]).sort(),
      PARALLEL,
    );
  },
);

rootlessTest(
  "a worker below a root script may import the entry, even without permissions",
  (user) =>
    user.run([
      user.deno,
      "run",
      "-A",
      "--unstable-worker-options",
      "--no-check",
      "worker_of_root_bare.ts",
    ]),
  ({ stdout, stderr }) => assertEquals(stdout, "imported\n", stderr),
);

Deno.test("a worker does not restart the script that started it", async () => {
  await using user = await createUser();
  const { code, stdout, stderr } = await user.run([
    user.deno,
    "run",
    "-A",
    "--unstable-worker-options",
    "--no-check",
    "start_worker.ts",
  ]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "import the rootless entry first in the main script");
});

Deno.test("a process that is marked and yet not root fails instead of starting again", async () => {
  await using user = await createUser();
  const { code, stdout, stderr } = await user.run(
    [user.deno, "run", "-A", "--no-check", "exit.ts"],
    {
      env: { NETYARD_ROOTLESS: "1" },
    },
  );
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "RootlessError: NETYARD_ROOTLESS=1 says");
});

Deno.test("a missing --allow-ffi is named", async () => {
  await using user = await createUser();
  const { code, stderr } = await user.run([user.deno, "run", "--no-check", "exit.ts"]);
  assertEquals(code, 1);
  assertMatch(stderr, /MissingPermissionError: .* add --allow-ffi\n/);
});

Deno.test("a missing unshare is named with its package", async () => {
  await using user = await createUser();
  const { code, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "exit.ts"], {
    env: { PATH: user.dir },
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "the program unshare is not on PATH");
  assertStringIncludes(stderr, "util-linux");
});

/** Puts a file by the name of unshare where the user's PATH finds it first. */
async function fakeUnshare(user: OrdinaryUser, content: string): Promise<string> {
  await Deno.mkdir(`${user.dir}/bin`);
  await Deno.writeTextFile(`${user.dir}/bin/unshare`, content);
  await Deno.chmod(`${user.dir}/bin/unshare`, 0o755);
  await Deno.chmod(`${user.dir}/bin`, 0o755);
  return `${user.dir}/bin:${Deno.env.get("PATH")}`;
}

Deno.test("a host that refuses is known before the process is given up", async () => {
  await using user = await createUser();
  const refusal = "unshare: unshare failed: Operation not permitted";
  const PATH = await fakeUnshare(user, `#!/bin/sh\necho '${refusal}' >&2\nexit 1\n`);
  const { code, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "exit.ts"], {
    env: { PATH },
  });
  assertEquals(code, 1);
  // The sysctl that is the cause, on a host that has one set.
  assertMatch(
    stderr,
    /RootlessError: Netyard needs root and cannot become it in a user namespace: /,
  );
  assertMatch(stderr, /fails here \(unshare: unshare failed|is [01]/);
});

Deno.test("an execve that the kernel refuses is an error, and the process lives on", async () => {
  await using user = await createUser();
  const PATH = await fakeUnshare(user, "neither a program nor a script");
  // Without --allow-run nothing can be tried before.
  const { code, stderr } = await user.run([
    user.deno,
    "run",
    "--allow-ffi",
    "--no-check",
    "exit.ts",
  ], {
    env: { PATH },
  });
  assertEquals(code, 1);
  assertMatch(stderr, /RootlessError: .*(ENOEXEC|is [01])/);
});

Deno.test("a script from the standard input is refused, since it cannot be read twice", async () => {
  await using user = await createUser();
  const { code, stdout, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "-"], {
    stdin: FILES["exit.ts"],
  });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "RootlessError");
});

Deno.test("a process that is root already stays as it is", async () => {
  if (!hasCapabilities()) return console.log("skipped: this process has no capabilities");
  await using user = await createUser();
  const before = readLink("/proc/self/ns/net");
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "report.ts"],
    cwd: user.dir,
    env: { NETYARD_ROOTLESS: "" },
  }).output();
  const report = JSON.parse(new TextDecoder().decode(stdout) || "{}");
  if (!report.capable || report.network !== before) {
    throw new Error(
      `not left alone: ${JSON.stringify(report)} ${new TextDecoder().decode(stderr)}`,
    );
  }
  assertEquals(report.environment.includes("NETYARD_ROOTLESS=1"), false);
});
