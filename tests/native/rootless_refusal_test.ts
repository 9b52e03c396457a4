import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { OrdinaryUser } from "./ordinary_user.ts";
import { createUser, FILES, obstacleOf } from "./rootless_scripts.ts";

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

Deno.test("a process with the marker that is not root fails instead of starting again", async () => {
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

/** Makes a file named unshare that the user's PATH finds first. */
async function fakeUnshare(user: OrdinaryUser, content: string): Promise<string> {
  await Deno.mkdir(`${user.dir}/bin`);
  await Deno.writeTextFile(`${user.dir}/bin/unshare`, content);
  await Deno.chmod(`${user.dir}/bin/unshare`, 0o755);
  await Deno.chmod(`${user.dir}/bin`, 0o755);
  return `${user.dir}/bin:${Deno.env.get("PATH")}`;
}

Deno.test("the refusal of a host is found before the process is replaced", async () => {
  await using user = await createUser();
  const refusal = "unshare: unshare failed: Operation not permitted";
  const PATH = await fakeUnshare(user, `#!/bin/sh\necho '${refusal}' >&2\nexit 1\n`);
  const { code, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "exit.ts"], {
    env: { PATH },
  });
  assertEquals(code, 1);
  // The sysctl that is the cause, if this host has one set.
  assertMatch(
    stderr,
    /RootlessError: Netyard needs root and cannot become root in a user namespace: /,
  );
  assertMatch(stderr, /fails here \(unshare: unshare failed|is [01]/);
});

Deno.test("a limit of 0 user namespaces is named, with or without a trial", async () => {
  await using user = await createUser();
  const obstacle = await obstacleOf(user);
  if (obstacle) return console.log(`skipped: ${obstacle.cause}`);
  // The limit is set in a user namespace, and applies to namespaces made there.
  const script = "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all " +
    '--bounding-set=-all "$0" run --no-check "$1" exit.ts';
  for (const flag of ["-A", "--allow-ffi"]) {
    const outcome = await user.run(["unshare", "-Ur", "sh", "-c", script, user.deno, flag]);
    assertEquals(outcome.code, 1);
    assertStringIncludes(outcome.stderr, "user.max_user_namespaces is 0. To fix it, run `sudo");
  }
});

Deno.test("an execve that the kernel refuses is an error, and the process continues", async () => {
  await using user = await createUser();
  const PATH = await fakeUnshare(user, "neither a program nor a script");
  // Without --allow-run no trial is possible before.
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

Deno.test("a script from the standard input is refused, because it cannot be read twice", async () => {
  await using user = await createUser();
  const { code, stdout, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "-"], {
    stdin: FILES["exit.ts"],
  });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "RootlessError");
});
