import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { findProgram } from "../../../native/process/process.ts";
import { NetyardError } from "../../../native/error.ts";
import { buildOutputs } from "../../../lib/vm/profile/build_outputs.ts";
import { profileNamed } from "../../../lib/vm/profiles.ts";
import { parseToml, resolveProfile } from "../../../lib/vm/profile/toml_file.ts";
import { tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";
import { Lab } from "@netyard/netyard";

const unable = !findProgram("qemu-system-x86_64") || !findProgram("qemu-img");

/** Runs a test in a temporary directory. */
async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const REFUSED: [toml: string, message: string][] = [
  [
    '[profiles.nas]\nkernal = "k"\n',
    'unknown option "profiles.nas.kernal"; did you mean "kernel"?',
  ],
  [
    '[profile.nas]\nkernel = "k"\n',
    'unknown option "profile"; did you mean "profiles"?',
  ],
  [
    '[profiles.nas]\nkernel = "k"\ncpus = 0\n',
    '"profiles.nas.cpus" is 0, but must be at least 1',
  ],
  [
    '[profiles.nas]\nkernel = "k"\nagentTimeout = "soon"\n',
    '"profiles.nas.agentTimeout" is "soon", but must be a time such as "500ms", "5s" or "2m", or ' +
    "milliseconds, at least 0",
  ],
  [
    '[profiles.nas]\ndisk = { path = "d", format = "vmdk" }\n',
    '"profiles.nas.disk.format" is "vmdk", but must be one of raw, qcow2',
  ],
  [
    "[profiles.nas]\nmemory = '1G'\n",
    'profiles.nas: it has nothing to boot: give it "kernel", "disk", or extends = "tiny"',
  ],
  [
    '[profiles.nas]\ninitrd = "i"\ndisk = { path = "d" }\n',
    'profiles.nas: it has "initrd", but no "kernel"',
  ],
  [
    '[profiles.nas]\ncmdline = "quiet"\ndisk = { path = "d" }\n',
    'profiles.nas: it has "cmdline", but no "kernel"',
  ],
  [
    '[profiles.nas]\nkernel = "k"\nsources = ["a"]\n',
    'profiles.nas: it has "sources", but no "build" that would use them',
  ],
  [
    '[profiles.nas]\nextends = "tiny"\nbuild = "make"\n',
    'profiles.nas: it has "build", but names nothing that is built: no "kernel", "initrd" or "disk"',
  ],
  [
    '[profiles.nas]\nkernel = "k"\nmemory = "12"\n',
    'profiles.nas: "memory" is "12", but must be an amount such as "256M" or "1G", or a number of bytes',
  ],
  [
    '[profiles.nas]\nextends = "tinny"\n',
    '"profiles.nas.extends" is "tinny", but may be tiny; did you mean "tiny"?',
  ],
  [
    '[profiles.nas]\nextends = "a"\n[profiles.a]\nextends = "nas"\n',
    '"profiles.a.extends" is "nas", which extends it in turn: nas -> a -> nas',
  ],
  [
    '[profiles.tiny]\nkernel = "k"\n',
    '"profiles.tiny" has the name of a profile that comes with Netyard; give it another',
  ],
];

Deno.test("an error in a netyard.toml names the file and the key", async () => {
  await inDirectory(async (directory) => {
    const file = join(directory, "netyard.toml");
    for (const [toml, message] of REFUSED) {
      await Deno.writeTextFile(file, toml);
      const error = assertThrows(() => profileNamed('vm("x")', "nas", directory), NetyardError);
      const [first] = (error as Error).message.split("\n");
      assertStringIncludes(first, `${file}: ${message}`.slice(0, 400));
    }
    await Deno.writeTextFile(file, "[profiles.nas\n");
    const error = assertThrows(() => profileNamed('vm("x")', "nas", directory), NetyardError);
    assertStringIncludes((error as Error).message, `${file}:1: this is not TOML: `);
  });
});

Deno.test("a profile is searched in the netyard.toml of the directory, then upwards", async () => {
  await inDirectory(async (directory) => {
    const inner = join(directory, "a/b");
    await Deno.mkdir(inner, { recursive: true });
    const none = assertThrows(() => profileNamed('vm("x")', "hosts", inner), NetyardError);
    assertEquals(
      (none as Error).message,
      `vm("x"): there is no profile "hosts"; there are: tiny, host (there is no netyard.toml in ` +
        `${inner} or above it); did you mean "host"?`,
    );
    await Deno.writeTextFile(
      join(directory, "netyard.toml"),
      '[profiles.nas]\nkernel = "k"\nmemory = "128M"\ncpus = 2\n',
    );
    const { name, memoryBytes, cpus } = profileNamed('vm("x")', "nas", inner);
    assertEquals({ name, memoryBytes, cpus }, { name: "nas", memoryBytes: 2 ** 27, cpus: 2 });
    const other = assertThrows(() => profileNamed('vm("x")', "nass", inner), NetyardError);
    assertEquals(
      (other as Error).message,
      'vm("x"): there is no profile "nass"; there are: tiny, host, nas; did you mean "nas"?',
    );
  });
});

Deno.test("a profile inherits the keys of the one that it extends, unless it has them itself", () => {
  const file = parseToml(
    "/netyard.toml",
    '[profiles.base]\nextends = "tiny"\ncmdline = "a"\nip = "busybox ip"\n' +
      '[profiles.nas]\nextends = "base"\ncmdline = "b"\n',
  );
  assertEquals(resolveProfile(file, "nas", ["tiny"]), {
    extends: "tiny",
    cmdline: "b",
    ip: "busybox ip",
  });
});

Deno.test("a build runs when an output is missing or a source is newer, and only then", async () => {
  await inDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    await Deno.mkdir(at("src"));
    await Deno.writeTextFile(at("src/a"), "1");
    const said: string[] = [];
    const build = (more: object = {}) =>
      buildOutputs({
        what: "netyard.toml: profiles.nas",
        command: "echo run >>log; cat src/a >kernel",
        directory,
        outputs: [at("kernel")],
        sources: [at("src")],
        lockFile: at("lock"),
        onProgress: (line) => said.push(line),
        ...more,
      });
    const runs = async () => (await Deno.readTextFile(at("log"))).split("\n").length - 1;
    await Promise.all([build(), build(), build()]);
    assertEquals([await runs(), said.length], [1, 1]);
    await build();
    assertEquals(await runs(), 1);
    const later = new Date(Date.now() + 10_000);
    await Deno.utime(at("src/a"), later, later);
    await build();
    assertEquals(await runs(), 2);

    const refused = async (more: object, message: string) => {
      const error = await assertRejects(() => build(more), NetyardError);
      assertEquals((error as Error).message, `netyard.toml: profiles.nas: ${message}`);
    };
    await refused(
      { command: "echo lost >&2; echo the disk is gone >&2; exit 3" },
      '"build" failed with exit code 3:\nlost\nthe disk is gone',
    );
    await refused({ command: ["no-such-program"] }, '"build" cannot start: ' + NOT_FOUND);
    await refused({ sources: [at("none")] }, `"sources" names ${at("none")}, which does not exist`);
    await refused(
      { outputs: [at("other")], command: ["true"] },
      `"build" succeeded, but did not create ${at("other")}`,
    );
  });
});

const NOT_FOUND = "Failed to spawn 'no-such-program': entity not found";

Deno.test({
  name: "a profile of a netyard.toml boots the result of its build, with a disk of its own",
  ignore: unable,
  async fn() {
    await inDirectory(async (directory) => {
      const tiny = await tinyBootFiles();
      const profile = (name: string) => profileNamed("test", name, directory);
      const image = new Uint8Array(2 ** 20);
      image.set(new TextEncoder().encode("of the image"));
      await Deno.writeFile(join(directory, "data.img"), image);
      await Deno.writeTextFile(
        join(directory, "netyard.toml"),
        [
          "[profiles.plain]",
          'kernel = "out/vmlinux"',
          'initrd = "out/initramfs"',
          `cmdline = ${JSON.stringify(tiny.cmdline)}`,
          `build = "echo run >>log; mkdir -p out; cp ${tiny.kernel} ${tiny.initrd} out"`,
          'memory = "160M"',
          'ip = "busybox ip"',
          "[profiles.nas]",
          'extends = "plain"',
          'disk = { path = "data.img" }',
          "[profiles.lost]",
          'kernel = "nowhere"',
          "[profiles.mute]",
          'extends = "tiny"',
          `cmdline = ${JSON.stringify(tiny.cmdline + " rdinit=/bin/sh")}`,
          'agentTimeout = "1s"',
        ].join("\n"),
      );
      await using lab = await Lab.create();
      const segment = lab.bridge("lan");
      const [a, b] = ["a", "b"].map((name) =>
        lab.vm(name, { profile: profile("nas"), bridges: [segment], bootCache: false })
      );
      const lost = lab.vm("lost", { profile: profile("lost") });
      const mute = lab.vm("mute", { profile: profile("mute") });
      await Promise.all([a.boot(), b.boot()]);
      assertEquals(await Deno.readTextFile(join(directory, "log")), "run\n");
      assertStringIncludes((await a.run("ip -4 addr show eth0")).stdout, `inet ${a.ip}/`);
      (await a.run(`ping -c 1 -W 5 ${b.ip}`)).assertOk();

      // Each machine has the disk, and its writes are its own.
      const read = async (vm: typeof a) => (await vm.run("head -c 12 /dev/vda")).stdout;
      (await a.run("printf 'of a' | dd of=/dev/vda conv=notrunc,fsync")).assertOk();
      assertEquals(await read(b), "of the image");
      await a.powerOff();
      await a.boot();
      assertEquals(await read(a), "of a" + "he image");
      assertEquals(
        (await Deno.readFile(join(directory, "data.img"))).subarray(0, 12),
        image.subarray(0, 12),
      );
      using before = await a.snapshot();
      (await a.run("printf 'later' | dd of=/dev/vda conv=notrunc,fsync")).assertOk();
      await a.restore(before);
      await a.run("echo 1 >/proc/sys/vm/drop_caches");
      assertEquals(await read(a), "of a" + "he image");
      await a.powerOff();
      await a.boot();
      assertEquals(await read(a), "of a" + "he image");

      // Two restores of a snapshot draw different random numbers, although the guest has no reseed program.
      const plain = lab.vm("plain", { profile: profile("plain"), bootCache: false });
      await plain.boot();
      const draw = async () =>
        (await plain.run("md5sum /etc/hosts; head -c 16 /dev/urandom | md5sum")).stdout;
      const saved = await plain.snapshot();
      await plain.restore(saved);
      const first = await draw();
      await plain.restore(saved);
      const second = await draw();
      assertEquals(first.split("\n")[0], second.split("\n")[0]);
      assert(first !== second, first);
      assertEquals((await plain.run("ls -A /tmp")).stdout, "");

      const missing = await assertRejects(() => lost.boot(), NetyardError);
      const path = join(directory, "nowhere");
      assertEquals(
        (missing as Error).message,
        `${join(directory, "netyard.toml")}: profiles.lost: "kernel" is ` +
          `${JSON.stringify(path)}, but there is no such file`,
      );
      const silent = await assertRejects(() => mute.boot(), NetyardError);
      const { message } = silent as Error;
      assert(
        /^mute: boot: no agent of the guest answered within \d+ ms: the guest must/.test(message),
      );
      assertStringIncludes(message, "package qemu-guest-agent");
      assertEquals([lost.state, mute.state], ["defined", "defined"]);
    });
  },
});
