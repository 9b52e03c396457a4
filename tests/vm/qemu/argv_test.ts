import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type CommandLine,
  escaped,
  MachineSpecError,
  qemuCommand,
} from "../../../lib/vm/qemu/argv.ts";
import type { MachineSpec } from "../../../lib/vm/options/machine_spec.ts";
import { CASES, PLAIN } from "./argv_cases.ts";

/** Writes each option and its value on one line. */
function lines({ program, args }: CommandLine): string {
  return [program, ...args].join("\n").replace(/\n(?!-)/g, " ") + "\n";
}

for (const [name, spec] of Object.entries(CASES)) {
  Deno.test(`QEMU's command line is exactly golden/${name}.txt`, async () => {
    const file = new URL(`golden/${name}.txt`, import.meta.url);
    const actual = lines(qemuCommand(spec));
    // `NETYARD_UPDATE=1` rewrites the files; review them before you commit them.
    if (Deno.env.get("NETYARD_UPDATE")) await Deno.writeTextFile(file, actual);
    assertEquals(actual, await Deno.readTextFile(file));
  });
}

Deno.test("QEMU has its sandbox on under Linux, and reads no configuration anywhere", () => {
  for (const spec of Object.values(CASES)) {
    const text = lines(qemuCommand(spec));
    assertEquals(text.includes("\n-sandbox on,"), spec.accel !== "hvf");
    assertStringIncludes(text, "\n-no-user-config\n-nodefaults\n");
  }
});

Deno.test("a NIC that is plugged in later changes no argument of the others", () => {
  const nic = { id: "lan", tap: "t0", mac: "52:54:00:12:34:56", slot: 1 };
  const before = lines(qemuCommand(PLAIN));
  const after = lines(qemuCommand({ ...PLAIN, nics: [nic] }));
  assertEquals(after.startsWith(before), true);
  assertEquals(
    after.slice(before.length),
    "-netdev tap,id=net-lan,ifname=t0,script=no,downscript=no\n" +
      "-device virtio-net-pci,id=lan,netdev=net-lan,mac=52:54:00:12:34:56,bus=hp1,addr=0x0,romfile=\n",
  );
});

Deno.test("a comma in a value is doubled", () => {
  assertEquals(escaped("/a,b,,c"), "/a,,b,,,,c");
});

const drive = (id: string, slot?: number) =>
  ({ id, path: "/d", format: "raw", readOnly: true, slot }) as const;

const REFUSED: [difference: Partial<MachineSpec>, message: string][] = [
  [{ memoryBytes: 3 * 2 ** 19 }, "its memory is 1572864 bytes, but must be a whole number of MiB"],
  [{ memoryBytes: 0 }, "its memory is 0 bytes, but must be a whole number of MiB"],
  [{ hotplugSlots: 65 }, "65 hot-plug slots are requested, but it can have 64"],
  [
    { hotplugSlots: 0, drives: [drive("data", 0)] },
    "data is in slot 0, but there are no slots",
  ],
  [{ drives: [drive("data", 2)] }, "data is in slot 2, but the slots are 0 to 1"],
  [
    { nics: [{ id: "lan", tap: "t", mac: "52:54:00:00:00:01", slot: 1 }], drives: [drive("d", 1)] },
    "d and lan are both in slot 1",
  ],
  [
    { drives: [drive("a-disk-of-25-characters--")] },
    "the drive a-disk-of-25-characters-- has a name of more than 24 characters",
  ],
  [
    { drives: Array.from({ length: 20 }, (_, i) => drive(`d${i}`)) },
    "20 fixed drives and shares, but it can have 19",
  ],
];

for (const [difference, message] of REFUSED) {
  Deno.test(`a machine is refused: ${message}`, () => {
    assertThrows(
      () => qemuCommand({ ...PLAIN, ...difference }),
      MachineSpecError,
      `machine "nas": ${message}`,
    );
  });
}
