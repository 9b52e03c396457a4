// A guest that does not release a disk, or releases it late. QEMU is a fake.
import { assertEquals, assertRejects } from "@std/assert";
import { unplugDisk } from "../../../lib/vm/disk/plug.ts";
import { type DiskRecord, diskSpec } from "../../../lib/vm/disk/record.ts";
import { DiskError } from "../../../lib/vm/options/errors.ts";
import type { Qemu } from "../../../lib/vm/qemu/qemu.ts";
import { Qmp } from "../../../lib/vm/qemu/qmp.ts";
import { FakeServer, type Peer } from "../fake_peer.ts";

function disk(): DiskRecord {
  const about = { name: "data", slot: 7, format: "raw", readOnly: false } as const;
  const spec = diskSpec(about, "/nowhere");
  return { name: "data", slot: 7, size: 512, own: true, faultsNode: "errors-vd-data", spec };
}

/** Unplugs a disk of a QEMU that answers `device_del` like this; returns the commands that it got. */
async function unplug(
  answer: (peer: Peer, id: number) => Promise<void>,
  timeoutMs: number,
  check: (work: Promise<void>) => Promise<unknown>,
): Promise<string[]> {
  const commands: string[] = [];
  await using server = new FakeServer({
    greet: (peer) =>
      peer.json({ QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } }),
    async answer(peer, { execute, id, arguments: given }) {
      commands.push([execute, given?.["node-name"]].join(" ").trim());
      if (execute === "device_del") await answer(peer, id);
      else await peer.json({ return: {}, id });
    },
  });
  using qmp = await Qmp.connect(server.path, { label: "nas" });
  await check(unplugDisk({ qmp } as unknown as Qemu, disk(), "nas: detach()", timeoutMs));
  return commands.slice(1);
}

const GONE = { event: "DEVICE_DELETED", data: { device: "vd-data" } };
const NODES = ["errors-vd-data", "disk-vd-data", "file-vd-data"];
const ALL = ["device_del", ...NODES.map((node) => `blockdev-del ${node}`)];

Deno.test("an unplug fails if the guest does not release the disk, which then stays", async () => {
  const commands = await unplug(
    (peer, id) => peer.json({ return: {}, id }),
    50,
    (work) =>
      assertRejects(
        () => work,
        DiskError,
        'nas: detach(): the guest did not release the disk "data" within 50 ms: unmount it',
      ),
  );
  assertEquals(commands, ["device_del"]);
});

Deno.test("a released disk is removed with its block nodes, from the top", async () => {
  const commands = await unplug(
    async (peer, id) => {
      await peer.json({ return: {}, id });
      await peer.json({ event: "DEVICE_DELETED", data: { device: "vd-other" } });
      await peer.json(GONE);
    },
    5_000,
    (work) => work,
  );
  assertEquals(commands, ALL);
});

Deno.test("a second unplug waits for the first request, or finds the disk removed", async () => {
  const error = (desc: string, name = "GenericError") => ({ class: name, desc });
  const pending = await unplug(
    async (peer, id) => {
      await peer.json({ error: error("Device vd-data is already in the process of unplug"), id });
      await peer.json(GONE);
    },
    5_000,
    (work) => work,
  );
  assertEquals(pending, ALL);
  const gone = await unplug(
    (peer, id) => peer.json({ error: error("Device 'vd-data' not found", "DeviceNotFound"), id }),
    5_000,
    (work) => work,
  );
  assertEquals(gone, ALL);
});
