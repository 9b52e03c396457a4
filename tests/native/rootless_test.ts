import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hasCapabilities } from "../../native/process/capabilities.ts";
import { readLink } from "../../native/libc.ts";
import { createUser, FILES, PARALLEL, rootlessTest } from "./rootless_scripts.ts";

rootlessTest(
  "deno run becomes root with its arguments, directory, environment and process ID",
  (user) =>
    // After exec, Deno has the shell's process ID, and \\377 is not UTF-8.
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
  "Deno permissions stay: a script with only --allow-ffi has no others inside",
  (user) => user.run([user.deno, "run", "--allow-ffi", "--no-check", "report.ts"]),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    const { ffi, net, run, read, env, capable, loopbackUp } = JSON.parse(stdout);
    assertEquals([ffi, net, run, read, env], ["granted", "prompt", "prompt", "prompt", "prompt"]);
    assertEquals([capable, loopbackUp], [true, true]);
  },
);

rootlessTest(
  "commands of the script run as root of the namespace",
  (user) => user.run([user.deno, "run", "-A", "user.ts"]),
  ({ stdout, stderr }) => assertEquals(stdout, "0\n", stderr),
);

rootlessTest(
  "exit codes pass",
  (user) => user.run([user.deno, "run", "-A", "--no-check", "exit.ts"]),
  ({ code, stderr }) => assertEquals(code, 42, stderr),
);

rootlessTest(
  "the script keeps its standard input",
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
  "deno test becomes root, and the file that imports the entry runs once",
  (user) => user.run([user.deno, "test", "-A", "good_test.ts"]),
  ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr + stdout);
    assertStringIncludes(stdout, "1 passed | 0 failed");
    assertEquals(stdout.match(/loaded good_test.ts/g)?.length, 1);
  },
);

rootlessTest(
  "deno test fails when a test fails",
  (user) => user.run([user.deno, "test", "-A", "--no-check", "bad_test.ts"]),
  ({ code, stdout }) => {
    assertEquals(code, 1);
    assertStringIncludes(stdout, "1 passed | 1 failed");
  },
);

rootlessTest(
  "deno test --parallel becomes root from the first thread that imports the entry, and runs each file once",
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

Deno.test("a process that is root already stays unchanged", async () => {
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
