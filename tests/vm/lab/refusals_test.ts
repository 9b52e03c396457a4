import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  InvalidOptionError,
  Lab,
  LabClosedError,
  MemorySizeError,
  NotFoundError,
  TooLittleMemoryError,
  TooMuchMemoryError,
  VmError,
  type VmOptions,
} from "@netyard/netyard";
import { readFileText } from "../../../native/libc.ts";
import { ProfileError } from "../../../lib/vm/options/errors.ts";
import { TINY } from "../../../lib/vm/profiles.ts";
import { processes, qemuOf, text, unique } from "./kit.ts";
import { script } from "./script.ts";

Deno.test("invalid machines are refused, each with its own error class, and leave nothing", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const cases: [unknown, new (...args: never[]) => Error, string][] = [
    [{ memory: "1000T" }, TooMuchMemoryError, '"memory" is "1000T", but this host has'],
    [{ memory: "10" }, MemorySizeError, 'an amount such as "256M"'],
    [{ memory: "lots" }, MemorySizeError, 'an amount such as "256M"'],
    [{ memory: -1 }, MemorySizeError, '"memory" is -1'],
    [{ memory: 3.5 }, TooLittleMemoryError, 'must be at least "64M"'],
    [{ memory: 256 }, TooLittleMemoryError, 'did you mean "256M"?'],
    [{ memory: null }, InvalidOptionError, "memory"],
    [{ cpus: 0 }, InvalidOptionError, "cpus"],
    [{ cpus: 1.5 }, InvalidOptionError, "cpus"],
    [{ memroy: "256M" }, InvalidOptionError, "memroy"],
    [{ profile: "tinny" }, ProfileError, 'did you mean "tiny"?'],
    [{ profile: {} }, InvalidOptionError, "profile"],
    [{ accel: "vmware" }, InvalidOptionError, "accel"],
    [{ bridges: ["lna"] }, NotFoundError, '"lna"'],
    [{ bridges: [lan, 7] }, InvalidOptionError, "bridges"],
    [{ bridges: "lan" }, InvalidOptionError, "bridges"],
  ];
  for (const [options, kind, message] of cases) {
    assertThrows(() => lab.vm("x", options as VmOptions), kind, message);
  }
  assertThrows(() => lab.vm("Not A Name", {}), Error, "Not A Name");
  assertEquals([lab.vms, lan.members], [[], []]);
  assertEquals(lab.vm("x", {}).state, "defined");
  await lab.close();
  assertThrows(() => lab.vm("y", {}), LabClosedError);
  await assertRejects(() => lab.snapshot(), LabClosedError);
  await assertRejects(() => lab.loadSnapshot("/nonexistent", "y"), LabClosedError);
});

Deno.test("a machine without its kernel file does not boot, says why, and leaves nothing", async () => {
  await using lab = await Lab.create();
  const name = unique("bad");
  const profile = {
    ...TINY,
    name: "bad",
    prepare: async (site: Parameters<typeof TINY.prepare>[0]) => ({
      ...await TINY.prepare(site),
      kernel: "/no/such/kernel",
      hash: "bad",
    }),
  };
  const vm = lab.vm(name, { profile, bridges: [lab.bridge("lan")] });
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(() => vm.boot(), VmError);
    assertMatch(error.message, /QEMU did not start[^]*\/no\/such\/kernel/);
    assertEquals(vm.state, "defined");
    assertEquals(await processes(`guest=${name},`), []);
  }
});

/** Lists a directory of PATH, which may not exist. */
async function entries(path: string): Promise<Deno.DirEntry[]> {
  return await Array.fromAsync(Deno.readDir(path)).catch(() => []);
}

Deno.test("without QEMU the error says what to install", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const path of (Deno.env.get("PATH") ?? "").split(":")) {
      for (const { name } of await entries(path)) {
        if (name.startsWith("qemu")) continue;
        await Deno.symlink(`${path}/${name}`, `${directory}/${name}`).catch(() => {});
      }
    }
    const out = await script("without_qemu_main.ts", { env: { PATH: directory } });
    assertMatch(
      out,
      /^defined VmError nas: qemu-system-x86_64 is not on PATH; install it: .*qemu/m,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("QEMU is confined: few system calls, no configuration, none of the host's files", async () => {
  await using lab = await Lab.create();
  const name = unique("jail");
  const vm = await lab.vm(name, { bridges: [lab.bridge("lan")] }).boot();
  const pid = await qemuOf(name);
  const line = readFileText(`/proc/${pid}/cmdline`).split("\0");
  const after = (option: string) => line[line.indexOf(option) + 1];
  assert(line.includes("-no-user-config") && line.includes("-nodefaults"));
  assertMatch(after("-sandbox"), /^on,.*elevateprivileges=deny.*spawn=deny/);
  assertMatch(readFileText(`/proc/${pid}/status`), /^Seccomp:\t2$/m);
  assertEquals(line.filter((each) => /^-(virtfs|fsdev|hd[a-d]|drive|net|monitor)$/.test(each)), []);
  const host = await Deno.makeTempDir();
  try {
    assertEquals(await text(vm, `ls -d ${host} ${Deno.execPath()} 2>/dev/null; :`), "");
    assertEquals(await text(vm, "grep -cE '9p|virtiofs|nfs' /proc/mounts; :"), "0");
    assertEquals(await text(vm, "ls /sys/block"), "");
  } finally {
    await Deno.remove(host);
  }
});
