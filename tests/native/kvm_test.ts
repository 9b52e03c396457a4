import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { type KvmFacts, kvmObstacle, kvmWorks, tryKvm } from "../../native/kvm/probe.ts";
import { readTrial, writeTrial } from "../../native/kvm/cache.ts";
import { closeFd, O_RDWR, openFd, pathExists, readFileText } from "../../native/libc.ts";

const INTEL = "processor\t: 0\nflags\t\t: fpu vme vmx sse\n";
const AMD = "processor\t: 0\nflags\t\t: fpu svm sse\n";
const NEITHER = "processor\t: 0\nflags\t\t: fpu vmxoff notsvm sse\nvmx flags\t: ept\n";
const FULL: KvmFacts = { present: true, pvm: false, cpuinfo: INTEL };

const refused = (code: string) => ({ code, message: `open(/dev/kvm) failed: ${code}` });

const LOOKS: [what: string, facts: KvmFacts, obstacle: string | undefined, remedy?: string][] = [
  ["an Intel processor that virtualizes", FULL, undefined],
  ["an AMD processor that virtualizes", { ...FULL, cpuinfo: AMD }, undefined],
  ["a host that is not of x86", { present: true, pvm: false }, undefined],
  ["no KVM on a host that is not of x86", { present: false, pvm: false }, "there is no /dev/kvm"],
  [
    "no KVM, and an Intel processor",
    { ...FULL, present: false },
    "there is no /dev/kvm",
    "load the driver: `sudo modprobe kvm_intel`",
  ],
  [
    "no KVM, and an AMD processor",
    { ...FULL, present: false, cpuinfo: AMD },
    "there is no /dev/kvm",
    "load the driver: `sudo modprobe kvm_amd`",
  ],
  ["no KVM at all", { ...FULL, present: false, cpuinfo: NEITHER }, "there is no /dev/kvm"],
  [
    "no access",
    { ...FULL, refusal: refused("EACCES") },
    "open(/dev/kvm) failed: EACCES",
    "let this user open it: `sudo usermod -aG kvm $USER`, and log in again",
  ],
  ["no driver", { ...FULL, refusal: refused("ENODEV") }, "open(/dev/kvm) failed: ENODEV"],
  [
    "the pvm module",
    { ...FULL, pvm: true },
    "/dev/kvm belongs to the pvm module, which runs only guests that are made for it",
  ],
  [
    "a processor without virtualization",
    { ...FULL, cpuinfo: NEITHER },
    "/dev/kvm exists, but the processor offers no virtualization (no vmx or svm flag)",
  ],
];

for (const [what, facts, detail, remedy] of LOOKS) {
  Deno.test(`the facts about KVM: ${what}`, () => {
    const obstacle = detail && { ok: false, detail, ...remedy ? { remedy } : {} };
    assertEquals(kvmObstacle(facts), obstacle);
  });
}

Deno.test("the facts agree with the files of this host", () => {
  const obstacle = kvmObstacle();
  if (!pathExists("/dev/kvm")) assertEquals(obstacle?.detail, "there is no /dev/kvm");
  const virtualizes = /\b(vmx|svm)\b/.test(readFileText("/proc/cpuinfo"));
  if (Deno.build.arch === "x86_64" && !virtualizes) assertEquals(obstacle?.ok, false);
});

Deno.test("whether KVM works is determined once, with a reason", async () => {
  const first = await kvmWorks();
  assertEquals(await kvmWorks(), first);
  const obstacle = kvmObstacle();
  if (obstacle) assertEquals(first, obstacle);
  if (first.ok) assertEquals(first.detail, "works");
});

/** Why no trial is possible here, if it is not. */
function unable(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "the guests are of x86";
  try {
    closeFd(openFd("/dev/kvm", O_RDWR));
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("a guest in real mode runs on every KVM that opens", async () => {
  const reason = unable();
  if (reason) return console.log(`skipped: ${reason}`);
  // A KVM that emulates is slow for the first steps of a guest, but not for five instructions.
  assertEquals(await tryKvm("real", 10_000), { ok: true, detail: "works", goodForMs: Infinity });
});

Deno.test("a machine can be created without running it", async () => {
  const reason = unable();
  if (reason) return console.log(`skipped: ${reason}`);
  assertEquals((await tryKvm("create", 10_000)).ok, true);
});

Deno.test("a guest in long mode distinguishes a usable KVM from one that emulates", async () => {
  const reason = unable();
  if (reason) return console.log(`skipped: ${reason}`);
  const start = performance.now();
  const { ok, detail, goodForMs } = await tryKvm("long", 1000);
  const took = performance.now() - start;
  if (kvmObstacle() === undefined) return assertEquals([ok, detail], [true, "works"]);
  assertEquals([ok, goodForMs], [false, 600_000]);
  assertMatch(detail, /^\/dev\/kvm exists, but a guest of a few .* did not finish within 1000 ms$/);
  assertLess(took, 3000); // the child was killed, and has gone
});

Deno.test("a trial without permission to start a process names the permission", async () => {
  const script = `import { tryKvm } from "${import.meta.resolve("../../native/kvm/probe.ts")}";
    console.log(JSON.stringify(await tryKvm("long")));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--no-config", "--allow-ffi", file],
    }).output();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
      ok: false,
      detail: "KVM was not tried, because that needs --allow-run",
      goodForMs: 0,
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a saved result is valid until the next boot", async () => {
  const directory = await Deno.makeTempDir();
  try {
    assertEquals(readTrial(directory), undefined);
    const trial = { ok: false, detail: "it hangs" };
    writeTrial(trial, Infinity, `${directory}/new`);
    assertEquals(readTrial(`${directory}/new`), trial);
    assertEquals([...Deno.readDirSync(`${directory}/new`)].map(({ name }) => name), ["kvm.json"]);

    const file = `${directory}/new/kvm.json`;
    const noted = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, noted.replace(/"key":"[^"]{8}/, '"key":"00000000'));
    assertEquals(readTrial(`${directory}/new`), undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a result with a time limit is valid for that time", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const trial = { ok: false, detail: "late" };
    writeTrial(trial, 60_000, directory);
    assertEquals(readTrial(directory), trial);
    writeTrial(trial, -1, directory);
    assertEquals(readTrial(directory), undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a damaged file, or one that cannot be written, is ignored", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const text of ["", "{", "null", '{"ok":true}']) {
      await Deno.writeTextFile(`${directory}/kvm.json`, text);
      assertEquals(readTrial(directory), undefined, text);
    }
    writeTrial({ ok: true, detail: "works" }, Infinity, `${directory}/kvm.json/below-a-file`);
    assertEquals(readTrial(`${directory}/kvm.json/below-a-file`), undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
