import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DeadlineError } from "../../../lib/node/process/errors.ts";
import {
  GuestCommandError,
  GuestDeadlineError,
  GuestFileError,
} from "../../../lib/vm/options/errors.ts";
import type { Guest } from "../../../lib/vm/agent/guest.ts";

/** A guest to test, and how to end it. */
export interface GuestFixture {
  guest: Guest;
  close(): Promise<void>;
}

/** Options of the suite. */
export interface GuestSuiteOptions {
  /** The prefix of each test's name. Default "a guest". */
  subject?: string;
  /** Whether the guest's clock may be set; false if it is the host's. Default true. */
  setsClock?: boolean;
  /** The factor by which programs run slower than on the host. Default 1. */
  slowness?: number;
}

/**
 * The tests that every guest with an agent must pass. Each uses a directory of its own in the guest's
 * `/tmp`, and removes it.
 */
export function guestSuite(make: () => Promise<GuestFixture>, options: GuestSuiteOptions = {}) {
  const { subject = "a guest", setsClock = true, slowness = 1 } = options;
  const test = (name: string, body: (guest: Guest, scratch: string) => Promise<void>) =>
    Deno.test(`${subject} ${name}`, async () => {
      const { guest, close } = await make();
      const scratch = `/tmp/suite-${crypto.randomUUID()}`;
      try {
        (await guest.run(["mkdir", scratch])).assertOk();
        await body(guest, scratch);
      } finally {
        await guest.run(["rm", "-rf", scratch]).catch(() => {});
        await close();
      }
    });
  /** Scales milliseconds to the speed of this guest. */
  const ms = (fast: number) => fast * slowness;

  test("runs a line in its shell and returns its output and how it ended", async (guest) => {
    const result = await guest.run("echo out; echo err >&2; exit 3");
    assertEquals(
      [result.stdout, result.stderr, result.exitCode, result.signal, result.status, result.ok()],
      ["out\n", "err\n", 3, null, "exited", false],
    );
    assertEquals(result.truncated, false);
  });

  test("runs a list of words as it is", async (guest) => {
    const words = ["printf", "%s|", "a b", "$HOME", "'", "", "*", "\n", "ü"];
    assertEquals((await guest.run(words)).stdout, "a b|$HOME|'||*|\n|ü|");
  });

  test("gives a command its environment, its directory and its input", async (guest, scratch) => {
    const env = { A: "1 2", B: "x=y\nz" };
    const line = await guest.run('printf "%s,%s,%s" "$A" "$B" "$PWD"; cat', {
      env,
      cwd: scratch,
      stdin: "<in>",
    });
    assertEquals(line.stdout, `1 2,x=y\nz,${scratch}<in>`);
    const list = await guest.run(["sh", "-c", 'printf "%s,%s" "$A" "$PWD"; cat'], {
      env,
      cwd: scratch,
      stdin: new Uint8Array([0x41, 0x0a]),
    });
    assertEquals(list.stdout, `1 2,${scratch}A\n`);
    assertEquals((await guest.run(["cat"])).stdout, "");
  });

  test("sets PATH, HOME and USER, and none of them with clearEnv", async (guest) => {
    const names = 'printf "%s" "${PATH:+p}${HOME:+h}${USER:+u}"';
    assertEquals((await guest.run(names)).stdout, "phu");
    const bare = await guest.run(["env"], { clearEnv: true, env: { ONLY: "1" } });
    assertEquals(bare.stdout.replace(/NETYARD_RUN=\w+\n/, ""), "ONLY=1\n");
  });

  test("passes any bytes in and out", async (guest) => {
    const stdin = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
    assertEquals((await guest.run(["cat"], { stdin })).stdoutBytes, stdin);
  });

  test("reports a missing program or directory", async (guest) => {
    await assertRejects(
      () => guest.run(["no-such-program", "x"]),
      GuestCommandError,
      'the guest has no program "no-such-program" on its PATH',
    );
    await assertRejects(
      () => guest.run(["no-such-program"], { cwd: "/tmp" }),
      GuestCommandError,
      'the guest has no program "no-such-program" on its PATH',
    );
    for (const command of ["true", ["true"]]) {
      await assertRejects(
        () => guest.run(command, { cwd: "/no/such" }),
        GuestCommandError,
        'cwd "/no/such" is not a directory of the guest',
      );
    }
    await assertRejects(() => guest.run(["/etc/passwd"]), GuestCommandError, "can execute");
    assertEquals((await guest.run("no-such-program")).exitCode, 127);
    // The same exit code of the command itself is no such error.
    assertEquals((await guest.run("exit 126", { cwd: "/tmp" })).exitCode, 126);
  });

  test("reports the signal that ended a command", async (guest) => {
    const result = await guest.run("echo first; kill -KILL $$");
    assertEquals(
      [result.status, result.signal, result.exitCode, result.stdout],
      ["signaled", "SIGKILL", 137, "first\n"],
    );
  });

  test("assertOk shows the command, how it ended and its output", async (guest) => {
    const ok = await guest.run("true");
    assertEquals(ok.assertOk(), ok);
    const failed = await guest.run("echo seen; echo why >&2; exit 4");
    const error = assertThrows(() => failed.assertOk(), GuestCommandError);
    assertMatch(
      error.message,
      /: run\("echo seen; .*"\): it failed with exit code 4\nstderr:\nwhy\nstdout:\nseen$/,
    );
    assertEquals(error.result, failed);
  });

  test(
    "kills a command that does not end in time, with all that it started",
    async (guest, scratch) => {
      // The second child is an orphan, the third has no environment either.
      const line = `echo begun
      (sh -c 'echo $$ >${scratch}/a; sleep 600' &)
      env -i /bin/sh -c 'echo $$ >${scratch}/b; sleep 600; :' &
      echo $$ >${scratch}/c; sleep 600; :`;
      const error = await assertRejects(
        () => guest.run(line, { timeoutMs: ms(1000) }),
        GuestDeadlineError,
        `it did not end within ${ms(1000)} ms; it was killed`,
      );
      assert(error instanceof DeadlineError);
      assertEquals(error.result?.stdout, "begun\n");
      assertEquals(error.result?.signal, "SIGKILL");
      // After the kill they may stay zombies, if init does not reap them.
      const left = await guest.run(
        `for f in a b c; do
        read pid <${scratch}/$f && read stat 2>/dev/null </proc/$pid/stat || continue
        case $stat in *') Z '*) ;; *) echo $f ;; esac
      done`,
      );
      assertEquals([left.stdout, left.stderr], ["", ""]);
    },
  );

  test("kills processes that outlive their shell and hold its output open", async (guest) => {
    const started = performance.now();
    await assertRejects(
      () => guest.run("sleep 600 & echo x", { timeoutMs: ms(500) }),
      GuestDeadlineError,
      "it was killed",
    );
    assert(performance.now() - started < ms(20_000));
  });

  test("runs commands at the same time", async (guest) => {
    const started = performance.now();
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, i) => guest.run(`sleep 1; echo ${i}`)),
    );
    const took = performance.now() - started;
    assertEquals(results.map(({ stdout }) => stdout.trim()), ["0", "1", "2", "3", "4", "5"]);
    assert(took < 1000 + ms(3000), `${took} ms`);
  });

  test("streams the output of a spawned command while it runs", async (guest, scratch) => {
    const line =
      'echo one; while [ ! -e "$1" ]; do sleep 0.05; done; echo two; echo err >&2; exit 5';
    await using process = await guest.spawn(["sh", "-c", line, "sh", `${scratch}/go`]);
    assertEquals([...guest.processes], [process]);
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "one\n");
    await guest.writeFile(`${scratch}/go`, "");
    assertEquals((await reader.read()).value, "two\n");
    assertEquals((await reader.read()).done, true);
    assertEquals(await new Response(process.stderr).text(), "err\n");
    assertEquals(await process.wait(), { exitCode: 5, signal: null, status: "exited" });
    await process.kill(); // It has ended: nothing happens.
    await process.close();
    assertEquals(guest.processes.size, 0);
  });

  test("gives a spawned command its environment, directory and input", async (guest, scratch) => {
    for (const command of ['echo "$A $PWD"; cat', ["sh", "-c", 'echo "$A $PWD"; cat']]) {
      await using process = await guest.spawn(command, {
        env: { A: "a" },
        cwd: scratch,
        stdin: "in",
      });
      assertEquals(await new Response(process.stdout).text(), `a ${scratch}\nin`);
      assertEquals((await process.wait()).exitCode, 0);
    }
  });

  test("sends a signal to a spawned command, and kills it on close", async (guest) => {
    const line = "trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done";
    const process = await guest.spawn(line);
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "ready\n");
    await process.kill("SIGHUP");
    assertEquals((await reader.read()).value, "hup\n");
    await process.close();
    assertEquals(await process.wait(), { exitCode: 137, signal: "SIGKILL", status: "signaled" });
    const second = await guest.spawn(["sleep", "600"]);
    await second.kill();
    assertEquals((await second.wait()).signal, "SIGTERM");
    await second.close();
  });

  test("leaves no file of a spawned command behind, read or not", async (guest) => {
    const process = await guest.spawn("head -c 300000 /dev/zero; echo x >&2");
    assertEquals((await process.wait()).exitCode, 0);
    await process.close();
    const bytes = await new Response(process.stdout).bytes();
    assertEquals(bytes.length, 300_000);
    const left = (await guest.listDir("/tmp")).filter(({ name }) =>
      /^netyard-\w+\.(out|err)$/.test(name)
    );
    assertEquals(left, []);
  });

  test("wait() of a spawned command reports a missing program or directory", async (guest) => {
    await using process = await guest.spawn(["no-such-program"]);
    await assertRejects(() => process.wait(), GuestCommandError, "has no program");
    await using lost = await guest.spawn("true", { cwd: "/no/such" });
    await assertRejects(() => lost.wait(), GuestCommandError, 'cwd "/no/such"');
  });

  test("reads a file as it was written", async (guest, scratch) => {
    const path = `${scratch}/it's "a" file\n`;
    for (const size of [0, 1, 262_144, 1_000_001]) {
      const data = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
      const bytes = Uint8Array.from({ length: size }, (_, i) => data[i % data.length]);
      await guest.writeFile(path, bytes);
      assertEquals(await guest.readFile(path), bytes);
      assertEquals((await guest.stat(path)).size, size);
    }
    await guest.writeFile(path, "ü\n");
    assertEquals(await guest.readTextFile(path), "ü\n");
  });

  test(
    "gives a file the requested mode, and keeps that of an existing one",
    async (guest, scratch) => {
      const path = `${scratch}/file`;
      await guest.writeFile(path, "1");
      assertEquals((await guest.stat(path)).mode, 0o644);
      await guest.writeFile(path, "2", { mode: 0o4750 });
      assertEquals((await guest.stat(path)).mode, 0o4750);
      await guest.writeFile(path, "3", { mode: 0o600 });
      await guest.writeFile(path, "4");
      assertEquals((await guest.stat(path)).mode, 0o600);
      assertEquals(await guest.readTextFile(path), "4");
    },
  );

  test("reads the kernel's files, which have no size", async (guest) => {
    assertMatch(await guest.readTextFile("/proc/self/status"), /^Name:\tqemu-ga\n/);
  });

  test("reports what is wrong with a file", async (guest, scratch) => {
    const cases: [() => Promise<unknown>, string][] = [
      [() => guest.readFile(`${scratch}/none`), "there is no such file or directory in the guest"],
      [() => guest.readFile(scratch), "it is a directory"],
      [() => guest.writeFile(`${scratch}/none/x`, ""), "there is no such file or directory"],
      [() => guest.writeFile(scratch, ""), "it is a directory"],
      [() => guest.writeFile("/dev/full", "x"), "the guest's disk is full"],
      [() => guest.listDir(`${scratch}/none`), "there is no such directory in the guest"],
      [() => guest.listDir("/etc/passwd"), "it is not a directory"],
      [() => guest.stat(`${scratch}/none`), "there is no such file or directory in the guest"],
      [
        () => guest.writeFile(`${scratch}/x`, "", { mode: 1e6 }),
        "must be permissions such as 0o644",
      ],
    ];
    for (const [ask, message] of cases) await assertRejects(ask, GuestFileError, message);
  });

  test("lists a directory with names of any kind", async (guest, scratch) => {
    const names = ["a b", "line\nbreak", "-dash", ".hidden", "..two", "*", "ü", "'\"$`\\", "%s\\n"];
    await guest.run(
      [
        "sh",
        "-c",
        'for n; do : >"./$n" || exit; done; mkdir dir; ln -s nowhere link; mkfifo pipe',
        "",
        ...names,
      ],
      { cwd: scratch },
    ).then((result) => result.assertOk());
    const expected = [
      ...names.map((name) => ({ name, kind: "file" as const })),
      { name: "dir", kind: "directory" as const },
      { name: "link", kind: "symlink" as const },
      { name: "pipe", kind: "other" as const },
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
    assertEquals(await guest.listDir(scratch), expected);
    assertEquals(await guest.listDir(`${scratch}/dir`), []);
  });

  test("returns size, mode, time, owner and kind of a file", async (guest, scratch) => {
    const line =
      "printf 12345 >f; chmod 640 f; touch -d '2001-02-03 04:05:06' f; ln -s f l; mkdir d";
    (await guest.run(line, { cwd: scratch, env: { TZ: "UTC" } })).assertOk();
    const { uid, gid, ...info } = await guest.stat(`${scratch}/l`);
    assertEquals(info, {
      kind: "file",
      size: 5,
      mode: 0o640,
      mtime: new Date("2001-02-03T04:05:06Z"),
    });
    assertEquals([uid, gid], [0, 0]);
    assertEquals((await guest.stat(`${scratch}/d`)).kind, "directory");
    assertEquals((await guest.stat("/dev/null")).kind, "other");
  });

  test("copies files and directories of the host in, and files out", async (guest, scratch) => {
    const host = await Deno.makeTempDir();
    try {
      const long = `${"deep-".repeat(15)}/${"name-".repeat(15)}`;
      await Deno.mkdir(`${host}/tree/${long}`, { recursive: true });
      await Deno.mkdir(`${host}/tree/empty`);
      await Deno.writeTextFile(`${host}/tree/script`, "#!/bin/sh\necho ran\n", { mode: 0o755 });
      await Deno.writeTextFile(`${host}/tree/${long}/odd\n'name`, "x");
      await Deno.writeFile(`${host}/tree/big`, new Uint8Array(600_000).fill(7));
      await Deno.symlink("script", `${host}/tree/link`);
      await Deno.symlink("x".repeat(150), `${host}/tree/long-link`);

      await guest.pushFile(`${host}/tree/script`, `${scratch}/alone`);
      assertEquals((await guest.run([`${scratch}/alone`])).assertOk().stdout, "ran\n");
      await guest.pushFile(`${host}/tree`, `${scratch}/new/tree`);
      assertEquals((await guest.run([`${scratch}/new/tree/link`])).assertOk().stdout, "ran\n");
      const there = `${scratch}/new/tree`;
      assertEquals((await guest.listDir(there)).map(({ name, kind }) => `${kind} ${name}`), [
        "file big",
        `directory ${long.split("/")[0]}`,
        "directory empty",
        "symlink link",
        "symlink long-link",
        "file script",
      ]);
      assertEquals(await guest.readTextFile(`${there}/${long}/odd\n'name`), "x");
      assertEquals((await guest.run(["readlink", `${there}/long-link`])).stdout.trim().length, 150);
      const { mode, uid } = await guest.stat(`${there}/script`);
      assertEquals([mode, uid], [0o755, 0]);

      await guest.pullFile(`${there}/big`, `${host}/back`);
      assertEquals(await Deno.readFile(`${host}/back`), new Uint8Array(600_000).fill(7));
      await guest.pullFile(`${there}/script`, `${host}/script`);
      assertEquals((await Deno.stat(`${host}/script`)).mode! & 0o7777, 0o755);

      await assertRejects(
        () => guest.pushFile(`${host}/none`, `${scratch}/none`),
        GuestFileError,
        "there is no such file or directory on the host",
      );
      const left = (await guest.listDir("/tmp")).filter(({ name }) =>
        /^netyard-\w+\.tar$/.test(name)
      );
      assertEquals(left, []);
    } finally {
      await Deno.remove(host, { recursive: true });
    }
  });

  test("returns its time", async (guest) => {
    const before = await guest.clock.get();
    const printed = Number((await guest.run("date +%s")).stdout) * 1000;
    const after = await guest.clock.get();
    assert(before.getTime() - 1000 <= printed && printed <= after.getTime());
  });

  if (setsClock) {
    test("sets its clock, and advances it", async (guest) => {
      const original = await guest.clock.get();
      const target = new Date("2031-05-06T07:08:09Z");
      await guest.clock.set(target);
      const off = (await guest.clock.get()).getTime() - target.getTime();
      assert(off >= 0 && off < ms(2000), `${off} ms`);
      await guest.clock.advance("2h");
      const later = (await guest.clock.get()).getTime() - target.getTime() - 7_200_000;
      assert(later >= 0 && later < ms(4000), `${later} ms`);
      await guest.clock.set(original);
    });
  }
}
