// The real QEMU accepts the command lines. No guest runs: the machines wait until they quit.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Namespace } from "../../../native/namespace.ts";
import { closeFd } from "../../../native/libc.ts";
import { keepTap, openTap } from "../../../native/frames/tap.ts";
import { labFacts } from "../../../lib/host/probe.ts";
import {
  contentNode,
  driveParts,
  faultyNode,
  nicParts,
  slotPlace,
} from "../../../lib/vm/qemu/devices.ts";
import type { DriveFault, DriveSpec, MachineSpec } from "../../../lib/vm/options/machine_spec.ts";
import { migrationOf, type Qmp, unable, withMachine } from "./waiting_machine.ts";

async function statusOf(qmp: Qmp): Promise<unknown> {
  return (await qmp.call("query-status") as { status: unknown }).status;
}

Deno.test("QEMU accepts a plain machine, which has its slots", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  await withMachine(() => ({ hotplugSlots: 16 }), async ({ qmp }) => {
    assertEquals(await statusOf(qmp), "prelaunch");
    assertEquals(await qmp.call("query-name"), { name: "nas" });
    const pci = JSON.stringify(await qmp.call("query-pci"));
    for (let slot = 0; slot < 16; slot++) assertStringIncludes(pci, `"qdev_id":"hp${slot}"`);
  });
});

Deno.test("QEMU accepts the largest number of slots and fixed drives", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const many = (directory: string): Partial<MachineSpec> => {
    Deno.writeFileSync(`${directory}/disk`, new Uint8Array(1 << 20));
    const path = `${directory}/disk`;
    const drives = Array.from(
      { length: 19 },
      (_, i) => ({ id: `d${i}`, path, format: "raw", readOnly: true }) as const,
    );
    return { hotplugSlots: 64, drives };
  };
  await withMachine(many, async ({ qmp }) => {
    const pci = JSON.stringify(await qmp.call("query-pci"));
    for (const id of ["hp63", "d18", "serial", "rng", "pvpanic"]) {
      assertStringIncludes(pci, `"qdev_id":"${id}"`);
    }
  });
});

Deno.test("QEMU accepts disks with injected errors whose paths contain commas", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const disks = (directory: string): Partial<MachineSpec> => {
    const path = `${directory}/a, b,,c`;
    Deno.writeFileSync(path, new Uint8Array(1 << 20));
    const sockets = {
      qmp: `${directory}/qmp`,
      agent: `${directory}/a,gent`,
      console: `${directory}/console`,
    };
    const faults: DriveFault[] = [{ event: "write", sector: 8, once: true }];
    const id = "a-disk-of-24-characters-";
    return { sockets, drives: [{ id, path, format: "raw", readOnly: false, faults }] };
  };
  await withMachine(disks, async ({ qmp, directory }) => {
    const [block] = await qmp.call("query-block") as { inserted: { file: string } }[];
    assertStringIncludes(JSON.stringify(block.inserted), "a, b,,c");
    assert((await Deno.stat(`${directory}/a,gent`)).isSocket);
  });
});

Deno.test("a hot-plugged disk has the parts of one on the command line", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  await withMachine(() => ({}), async ({ qmp, directory }) => {
    const path = `${directory}/disk`;
    await Deno.writeFile(path, new Uint8Array(1 << 20));
    const drive = { id: "data", path, format: "raw", readOnly: false, faults: [] } as const;
    const { blockdevs, device } = driveParts(drive, slotPlace(1));
    for (const blockdev of blockdevs) await qmp.call("blockdev-add", blockdev);
    await qmp.call("device_add", device);
    const plugged = { path: "/machine/peripheral/data", property: "drive" };
    assertEquals(await qmp.call("qom-get", plugged), "faults-data");
  });
});

Deno.test("errors are injected into one sector of the guest's, and can be added and removed", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const FAULTS: DriveFault[] = [{ event: "read", sector: 8 }];
  // QEMU's own reader prints "read 512/512 bytes at offset 0", or "read failed: ...".
  const io = async (qmp: Qmp) => {
    for (const command of ["read 3584", "read 4096", "read 4608", "write 4096"]) {
      const line = `qemu-io -d /machine/peripheral/data/virtio-backend "${command} 512"`;
      await qmp.call("human-monitor-command", { "command-line": line });
    }
  };
  const done = (what: string, at: number) => `${what} 512/512 bytes at offset ${at}`;
  const good = [done("read", 3584), done("read", 4096), done("read", 4608), done("wrote", 4096)];
  const bad = good.with(1, "read failed: Input/output error");
  const results = (said: string) => said.match(/^(read|write|wrote) (failed: .*|512\/512 .*)$/gm);
  for (const format of ["raw", "qcow2"] as const) {
    const disk = (directory: string, faults?: DriveFault[]): DriveSpec => {
      const path = `${directory}/disk`;
      const args = ["create", "-q", "-f", format, path, "1M"];
      assert(new Deno.Command("qemu-img", { args }).outputSync().success);
      return { id: "data", path, format, readOnly: false, faults };
    };
    const first = await withMachine(
      (directory) => ({ drives: [disk(directory, FAULTS)] }),
      ({ qmp }) => io(qmp),
    );
    assertEquals(results(first), bad);
    const later = await withMachine(
      (directory) => ({ drives: [disk(directory)] }),
      async ({ qmp, directory }) => {
        const spec: DriveSpec = { id: "data", path: `${directory}/disk`, format, readOnly: false };
        const about = { path: "/machine/peripheral/data", property: "drive" };
        await io(qmp);
        await qmp.call("blockdev-add", faultyNode(spec, FAULTS));
        await qmp.call("qom-set", { ...about, value: "faults-data" });
        await io(qmp);
        await qmp.call("qom-set", { ...about, value: contentNode("data") });
        await qmp.call("blockdev-del", { "node-name": "faults-data" });
        await io(qmp);
      },
    );
    assertEquals(results(later), [...good, ...bad, ...good]);
  }
});

Deno.test("a machine waits to be restored, with memory in an unnamed file", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  for (const memoryShared of [true, false]) {
    const memory = { incoming: true, memoryPath: "/proc/self/fd/9", memoryShared };
    await withMachine(() => memory, async ({ qmp }) => {
      assertEquals(await statusOf(qmp), "inmigrate");
      const [ram] = await qmp.call("query-memdev") as { size: number; share: boolean }[];
      assertEquals([ram.size, ram.share], [64 * 2 ** 20, memoryShared]);
    });
  }
});

Deno.test("a NIC of the command line equals a hot-plugged one", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  if (labFacts().privilege === "none") return console.log("skipped: this takes a namespace");
  using namespace = Namespace.create();
  const taps = namespace.enter(() => [openTap("t0", 100), openTap("t1", 101)]);
  // QEMU opens each TAP itself, and a TAP accepts one opener at a time: being persistent keeps it.
  namespace.enter(() => taps.forEach(keepTap));
  taps.forEach(closeFd);
  const first = { id: "lan", tap: "t0", mac: "52:54:00:12:34:56", slot: 0 };
  const second = { id: "dmz", tap: "t1", mac: "52:54:00:12:34:57", slot: 1 };
  await withMachine(() => ({ nics: [first] }), async ({ qmp }) => {
    const { netdev, device } = nicParts(second);
    await qmp.call("netdev_add", netdev);
    await qmp.call("device_add", device);
    for (const { id, mac } of [first, second]) {
      const path = `/machine/peripheral/${id}`;
      assertEquals(await qmp.call("qom-get", { path, property: "mac" }), mac);
    }
    await qmp.call("set_link", { name: "lan", up: false });
  }, namespace);
});

Deno.test("a machine that was saved with a hot-plugged disk is restored by a command line with it", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const directory = await Deno.makeTempDir();
  const path = `${directory}/disk`;
  const drive = { id: "data", path, format: "raw", readOnly: false, slot: 1 } as const;
  try {
    await Deno.writeFile(path, new Uint8Array(1 << 20));
    let state = new Uint8Array();
    await withMachine(() => ({}), async ({ qmp }) => {
      const { blockdevs, device } = driveParts(drive, slotPlace(drive.slot));
      for (const blockdev of blockdevs) await qmp.call("blockdev-add", blockdev);
      await qmp.call("device_add", device);
      using listener = Deno.listen({ transport: "unix", path: `${directory}/out` });
      const received = listener.accept().then(({ readable }) => new Response(readable).bytes());
      await qmp.call("migrate", { uri: `unix:${directory}/out` });
      state = await received;
      assertEquals(await migrationOf(qmp), "completed");
    });
    await withMachine(() => ({ incoming: true, drives: [drive] }), async ({ qmp }) => {
      await qmp.call("migrate-incoming", { uri: `unix:${directory}/in` });
      using connection = await Deno.connect({ transport: "unix", path: `${directory}/in` });
      await new Blob([state]).stream().pipeTo(connection.writable, { preventClose: true });
      connection.closeWrite();
      assertEquals(await migrationOf(qmp), "completed");
      const plugged = { path: "/machine/peripheral/data", property: "drive" };
      assertEquals(await qmp.call("qom-get", plugged), "disk-data");
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
