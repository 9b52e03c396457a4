import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findProgram, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { familyOf, FEATURE_PROGRAMS, TEST_PROGRAMS } from "../../lib/host/install.ts";
import { readOsRelease } from "../../lib/host/os_release.ts";

const SETUP = new URL("../../lib/host/setup.ts", import.meta.url);

/** Runs the script with only these directories on PATH. */
async function runSetup(
  args: string[],
  path?: string,
): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SETUP.pathname, ...args],
    env: { NO_COLOR: "1", ...path === undefined ? {} : { PATH: path } },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Makes a directory of executables with these contents. */
async function programs(contents: Record<string, string>): Promise<string> {
  const dir = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(contents)) {
    await Deno.writeTextFile(`${dir}/${name}`, content, { mode: 0o755 });
  }
  return dir;
}

const ALL = { ip: "", tc: "", nft: "", ping: "", nsenter: "", unshare: "", mount: "" };

Deno.test("setup says nothing when nothing is missing", async () => {
  const dir = await programs(ALL);
  try {
    assertEquals(await runSetup([], dir), { code: 0, said: "" });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("setup for all says nothing when nothing is missing", async () => {
  const features = Object.fromEntries(
    [...FEATURE_PROGRAMS, ...TEST_PROGRAMS].map((name) => [name, ""]),
  );
  const dir = await programs({ ...ALL, ...features });
  try {
    assertEquals(await runSetup(["--all"], dir), { code: 0, said: "" });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("setup costs less than 60 ms above an empty script", async () => {
  const dir = await programs({ ...ALL, "empty.ts": "" });
  try {
    const best = async (script: string) => {
      let least = Infinity;
      for (let i = 0; i < 7; i++) {
        const start = performance.now();
        await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", script],
          env: { PATH: dir },
          stdout: "null",
        }).output();
        least = Math.min(least, performance.now() - start);
      }
      return least;
    };
    const [setup, empty] = [await best(SETUP.pathname), await best(`${dir}/empty.ts`)];
    // An empty script takes 50 ms, and longer on a host that is slow or busy.
    const most = 60 * Math.max(1, empty / 50);
    assert(setup - empty < most, `setup takes ${setup - empty} ms of its own, not ${most}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("setup refuses a program that it knows no package for", async () => {
  const { code, said } = await runSetup(["tcpdump", "emacs"]);
  assertEquals(code, 2);
  assertStringIncludes(said, "no package is known for: emacs; known: ip, tc");
});

// The programs under /usr/sbin count whatever PATH says; ping is elsewhere.
const pingIsHidden = !findProgram("ping", ["/usr/local/sbin", "/usr/sbin", "/sbin"]);
const installs = Deno.uid() === 0 && familyOf(readOsRelease()) === "debian";

Deno.test("setup runs apt-get as root on Debian, and elsewhere says what to type", async () => {
  if (!pingIsHidden) return console.log("skipped: ping is in a system directory here");
  const log = await Deno.makeTempFile();
  // An apt-get that writes down its arguments, and at "install" makes ping.
  const dir = await programs({
    ...ALL,
    "apt-get": `#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >> ${log}
case "$*" in *install*) echo > \${0%/*}/ping; /bin/chmod 755 \${0%/*}/ping;; esac
`,
  });
  try {
    await Deno.remove(`${dir}/ping`);
    const { code, said } = await runSetup([], dir);
    if (installs) {
      assertEquals([code, said], [0, "installing iputils-ping\n"]);
      assertEquals(
        await Deno.readTextFile(log),
        "noninteractive -qq -o DPkg::Lock::Timeout=120 update\n" +
          "noninteractive -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends iputils-ping\n",
      );
    } else {
      assertEquals(code, 1);
      assertStringIncludes(said, "not on this host: ping\n");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
    await Deno.remove(log);
  }
});

Deno.test("an apt-get that fails is quoted, with what to do by hand", async () => {
  if (!pingIsHidden || !installs) return console.log("skipped: setup installs nothing here");
  const dir = await programs({
    ...ALL,
    "apt-get": "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n",
  });
  try {
    await Deno.remove(`${dir}/ping`);
    const { code, said } = await runSetup([], dir);
    assertEquals(code, 1);
    assertStringIncludes(
      said,
      "install -y --no-install-recommends iputils-ping failed with exit code 100:",
    );
    assertStringIncludes(said, "E: no network");
    assertStringIncludes(said, "sudo apt-get install iputils-ping");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a feature's package that a release does not have costs that feature alone", async () => {
  if (!installs) return console.log("skipped: setup installs nothing here");
  if (findProgram("pasta", SYSTEM_DIRECTORIES)) {
    return console.log("skipped: pasta is found anyway");
  }
  const features = Object.fromEntries(
    [...FEATURE_PROGRAMS, ...TEST_PROGRAMS].map((name) => [name, ""]),
  );
  // An apt-get that knows slirp4netns, and refuses all if passt is among it.
  const dir = await programs({
    ...ALL,
    ...features,
    "apt-get": `#!/bin/sh
case "$*" in
*passt*) echo 'E: Unable to locate package passt' >&2; exit 100;;
*slirp4netns*) echo > \${0%/*}/slirp4netns; /bin/chmod 755 \${0%/*}/slirp4netns;;
esac
`,
  });
  try {
    await Deno.remove(`${dir}/pasta`);
    await Deno.remove(`${dir}/slirp4netns`);
    const { code, said } = await runSetup(["--all"], dir);
    assertEquals(code, 0);
    assert((await Deno.stat(`${dir}/slirp4netns`)).isFile);
    assertStringIncludes(said, "E: Unable to locate package passt");
    assertStringIncludes(said, "not on this host: pasta\n  sudo apt-get install passt");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
