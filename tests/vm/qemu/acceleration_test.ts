import { assertEquals, assertThrows } from "@std/assert";
import {
  type AccelChoice,
  AccelerationError,
  type AccelerationFacts,
  chooseAcceleration,
  wantsKvm,
} from "../../../lib/vm/options/acceleration.ts";
import { accelerationHere } from "../../../lib/vm/qemu/acceleration_here.ts";
import { kvmWorks } from "../../../native/kvm/probe.ts";

const WORKS = { ok: true, detail: "works" };
const LINUX: AccelerationFacts = { os: "linux", arch: "x86_64", guestArch: "x86_64", kvm: WORKS };
const REMEDY = "load the driver: `sudo modprobe kvm_intel`";
const NO_KVM = { ...LINUX, kvm: { ok: false, detail: "there is no /dev/kvm", remedy: REMEDY } };
const MAC: AccelerationFacts = { os: "darwin", arch: "aarch64", guestArch: "aarch64" };
const FOREIGN: AccelerationFacts = { ...LINUX, guestArch: "aarch64" };

Deno.test("hardware acceleration is chosen if it works, and leaves deadlines unchanged", () => {
  for (const [facts, accel] of [[LINUX, "kvm"], [MAC, "hvf"]] as const) {
    assertEquals(chooseAcceleration(facts), { accel, timeoutFactor: 1, because: "it works" });
  }
});

const STAND_INS: [what: string, facts: AccelerationFacts, because: string][] = [
  ["without KVM", NO_KVM, "there is no /dev/kvm"],
  [
    "for another architecture",
    FOREIGN,
    "the guest is aarch64, and the host is x86_64",
  ],
  ["where KVM was not tried", { ...LINUX, kvm: undefined }, "KVM was not tried"],
  ["on Windows", { ...LINUX, os: "windows" }, "QEMU has no acceleration for windows"],
];

for (const [what, facts, because] of STAND_INS) {
  Deno.test(`${what} TCG is used with longer deadlines, and says why`, () => {
    assertEquals(chooseAcceleration(facts), {
      accel: "tcg",
      timeoutFactor: 4,
      because,
      notice: `virtual machines run under TCG: ${because}`,
    });
  });
}

Deno.test("requested TCG causes no notice", () => {
  const expected = { accel: "tcg", timeoutFactor: 4, because: "it was requested" } as const;
  assertEquals(chooseAcceleration(LINUX, { option: "tcg" }), expected);
  assertEquals(chooseAcceleration(LINUX, { environment: "tcg" }), expected);
});

Deno.test("the option comes before the environment, and both before the host", () => {
  const accel = (option?: AccelChoice, environment?: string) =>
    chooseAcceleration(LINUX, { option, environment }).accel;
  assertEquals(accel("kvm", "tcg"), "kvm");
  assertEquals(accel("auto", "tcg"), "kvm");
  assertEquals(accel(undefined, "tcg"), "tcg");
  assertEquals(accel(undefined, ""), "kvm");
});

const REFUSED: [facts: AccelerationFacts, option: AccelChoice | undefined, message: string][] = [
  [NO_KVM, "kvm", `accel is "kvm", but there is no /dev/kvm: ${REMEDY}, or use accel "tcg"`],
  [
    NO_KVM,
    undefined,
    `NETYARD_ACCEL is "kvm", but there is no /dev/kvm: ${REMEDY}, or use accel "tcg"`,
  ],
  [
    FOREIGN,
    "kvm",
    'accel is "kvm", but the guest is aarch64, and the host is x86_64: use accel "tcg"',
  ],
  [
    LINUX,
    "hvf",
    'accel is "hvf", but hvf exists on macOS only, and this is linux: use accel "tcg"',
  ],
  [MAC, "kvm", 'accel is "kvm", but kvm exists on Linux only, and this is darwin: use accel "tcg"'],
  [
    LINUX,
    "kmv" as AccelChoice,
    'accel is "kmv", but must be one of auto, kvm, tcg, hvf; did you mean "kvm"?',
  ],
];

for (const [facts, option, message] of REFUSED) {
  Deno.test(`refused: ${message}`, () => {
    const error = assertThrows(
      () => chooseAcceleration(facts, { option, environment: "kvm" }),
      AccelerationError,
    );
    assertEquals(error.message, message);
  });
}

Deno.test("an invalid value of the environment is reported", () => {
  assertThrows(
    () => chooseAcceleration(LINUX, { environment: "whpx" }),
    AccelerationError,
    'NETYARD_ACCEL is "whpx", but must be one of auto, kvm, tcg, hvf',
  );
});

Deno.test("KVM is tried only if it may be chosen", () => {
  assertEquals(wantsKvm(LINUX), true);
  assertEquals(wantsKvm(LINUX, { environment: "kvm" }), true);
  assertEquals(wantsKvm(LINUX, { option: "tcg", environment: "kvm" }), false);
  assertEquals(wantsKvm(FOREIGN), false);
  assertEquals(wantsKvm(MAC), false);
});

Deno.test("the acceleration of this host follows the trial of KVM, with one notice", async () => {
  const lines: string[] = [];
  const arch = Deno.build.arch;
  const { ok, detail } = await kvmWorks();
  for (let i = 0; i < 2; i++) {
    const { accel } = await accelerationHere(arch, "auto", (line) => lines.push(line));
    assertEquals(accel, ok ? "kvm" : "tcg");
  }
  assertEquals(lines, ok ? [] : [`virtual machines run under TCG: ${detail}`]);
});
