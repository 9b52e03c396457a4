// Disks of real guests. The guest's kernel reads and writes pages of 4096 bytes, which are 8 sectors.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { NotFoundError } from "../../../lib/lab/options/errors.ts";
import { NodeRemovedError } from "../../../lib/node/process/errors.ts";
import { DiskError, VmStateError } from "../../../lib/vm/options/errors.ts";
import { InvalidOptionError } from "../../../lib/options/parse_options.ts";
import { hashOf, host, inside, outside, rawFile, sectorOf, withVm, write } from "./disk_kit.ts";

const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

Deno.test("a fresh disk that was attached before the boot is there after it, with what either side wrote", async () => {
  await withVm(async (vm) => {
    const disk = await vm.attachDisk({ size: "64M", name: "data" });
    assertEquals([disk.name, disk.size, disk.path, disk.readOnly], [
      "data",
      64 * 2 ** 20,
      undefined,
      false,
    ]);
    await disk.writeSectors(1, sectorOf("a")); // switched off
    assertEquals(await outside(disk, 1), "aaaa");
    await vm.boot();
    assertEquals(vm.disks.map(({ name }) => name), ["data"]);
    const path = await disk.guestPath();
    assertEquals((await vm.run(`cat /sys/block/${path.slice(5)}/size`)).stdout, "131072\n");
    assertEquals(await inside(vm, disk, 1), "aaaa");
    await write(vm, disk, 131_071, "last");
    assertEquals(await outside(disk, 131_071), "last");
    await disk.writeSectors(2, sectorOf("b"));
    assertEquals(await inside(vm, disk, 2), "bbbb");
    await vm.pause();
    assertEquals(await outside(disk, 2), "bbbb");
    await disk.writeSectors(3, sectorOf("c", 20_000)); // more than one request
    await vm.resume();
    assertEquals(await inside(vm, disk, 20_002), "cccc");
    await vm.shutdown();
    assertEquals([await outside(disk, 20_002), await outside(disk, 131_071)], ["cccc", "last"]);
    await vm.boot();
    assertEquals(await inside(vm, disk, 2), "bbbb");
  });
});

Deno.test("a disk is plugged into a running guest and removed, and another one replaces it", async () => {
  await withVm(async (vm, _, directory) => {
    await vm.boot();
    await rawFile(`${directory}/image`, "r");
    const [a, b] = await Promise.all([
      vm.attachDisk({ size: "1M" }),
      vm.attachDisk({ path: `${directory}/image` }),
    ]);
    assertEquals([a.name, b.name], ["disk0", "disk1"]);
    assertEquals([await inside(vm, a, 0, 1), await inside(vm, b, 0)], ["\0", "rrrr"]);
    await a.detach();
    assertEquals(vm.disks.map(({ name }) => name), ["disk1"]);
    assertEquals((await vm.run("cat /sys/block/*/serial")).stdout, "disk1");
    for (const use of [() => a.detach(), () => a.guestPath(), () => a.readSectors(0)]) {
      await assertRejects(use, NotFoundError, 'nas: the disk "disk0" was detached');
    }
    const again = await vm.attachDisk({ size: "2M" });
    assertEquals(again.name, "disk0");
    assertEquals(await inside(vm, again, 4095, 1), "\0");
    assertEquals(await inside(vm, b, 0), "rrrr");
  });
});

Deno.test("writes of a guest to an image with copy on write do not change the file, raw or qcow2", async () => {
  await withVm(async (vm, _, directory) => {
    const raw = `${directory}/a raw, image`;
    const qcow2 = `${directory}/image.qcow2`;
    await rawFile(raw, "r");
    await host("qemu-img", "convert", "-O", "qcow2", raw, qcow2);
    for (const path of [raw, qcow2]) {
      const before = await hashOf(path);
      const disk = await vm.attachDisk({ path });
      assertEquals([disk.path, disk.size], [await Deno.realPath(path), 2 ** 20]);
      if (vm.state === "defined") {
        await disk.writeSectors(9, sectorOf("o"));
        await vm.boot();
        assertEquals(await inside(vm, disk, 9), "oooo");
      }
      await write(vm, disk, 8, "mine");
      assertEquals([await outside(disk, 8), await outside(disk, 10)], ["mine", "rrrr"]);
      assertEquals(await hashOf(path), before);
    }
    await vm.powerOff();
    assertEquals(await Promise.all(vm.disks.map((disk) => outside(disk, 8))), ["mine", "mine"]);
    await vm.boot();
    for (const disk of vm.disks) assertEquals(await inside(vm, disk, 8), "mine");
    await vm.powerOff();
    await rawFile(raw, "R");
    await assertRejects(
      () => vm.boot(),
      DiskError,
      "was changed, and the disk's own file only has",
    );
    await vm.disks[0].detach();
    await vm.boot();
  });
});

Deno.test("without copy on write one machine writes to the file itself, and cannot be saved", async () => {
  await withVm(async (vm, lab, directory) => {
    const path = `${directory}/image`;
    await rawFile(path, "r");
    await vm.boot();
    const disk = await vm.attachDisk({ path, copyOnWrite: false });
    await write(vm, disk, 5, "kept");
    const bytes = await Deno.readFile(path);
    assertEquals(new TextDecoder().decode(bytes.subarray(2560, 2564)), "kept");
    await assertRejects(() => vm.snapshot(), DiskError, "the guest writes directly to ");
    assertEquals(vm.state, "running");
    await using other = await Lab.create();
    for (const each of [lab.vm("two", {}), other.vm("two", {})]) {
      await assertRejects(
        () => each.attachDisk({ path, copyOnWrite: false }),
        DiskError,
        "another machine writes to it",
      );
    }
    await disk.detach();
    await lab.vm("three", {}).attachDisk({ path, copyOnWrite: false });
  });
});

Deno.test("a guest that boots without the cache has its disks from the start, and after a reset", async () => {
  await withVm(async (_, lab) => {
    const vm = lab.vm("cold", { bootCache: false });
    const disk = await vm.attachDisk({ size: "1M" });
    await disk.setFaults([{ event: "read", sector: 800 }]);
    await vm.boot();
    await write(vm, disk, 0, "mine");
    assertEquals([await inside(vm, disk, 0), await inside(vm, disk, 800)], ["mine", ""]);
    await vm.reset();
    assertEquals([await inside(vm, disk, 0), await inside(vm, disk, 800)], ["mine", ""]);
    await disk.clearFaults();
    assertEquals(await inside(vm, disk, 800, 1), "\0");
    await disk.detach();
    assertEquals((await vm.run("ls /sys/block")).stdout, "");
  });
});

Deno.test("neither the guest nor the host can write to a read-only disk", async () => {
  await withVm(async (vm, _, directory) => {
    const path = `${directory}/image`;
    await rawFile(path, "r");
    const before = await hashOf(path);
    const disk = await vm.attachDisk({ path, readOnly: true, name: "cd" });
    await vm.boot();
    const said = await vm.run(`echo x | dd of=${await disk.guestPath()} conv=fsync`);
    assert(!said.ok());
    assertEquals(await inside(vm, disk, 7), "rrrr");
    await assertRejects(() => disk.writeSectors(0, sectorOf("x")), DiskError, "read-only");
    using snapshot = await vm.snapshot();
    await vm.restore(snapshot);
    assertEquals(await inside(vm, disk, 7), "rrrr");
    assertEquals(await hashOf(path), before);
  });
});

Deno.test("errors are injected for the pages of one sector, once, and not after they are cleared", async () => {
  await withVm(async (vm, _, directory) => {
    const path = `${directory}/image`;
    await rawFile(path, "r");
    const disks = [await vm.attachDisk({ size: "1M" }), await vm.attachDisk({ path })];
    for (const disk of disks) await disk.setFaults([{ event: "read", sector: 100 }]);
    await vm.boot();
    for (const disk of disks) {
      const device = await disk.guestPath();
      const forget = "echo 1 >/proc/sys/vm/drop_caches";
      const read = async (page: number) => {
        const line = `${forget}; dd if=${device} of=/dev/null bs=4096 skip=${page} count=1`;
        const { stderr } = await vm.run(line);
        return stderr.includes("Input/output error") ? "error" : "done";
      };
      const put = async (page: number) => {
        const line = `dd if=/dev/zero of=${device} bs=4096 seek=${page} count=1 conv=fsync`;
        const { stderr } = await vm.run(line);
        return /I\/O error|Input\/output error/.test(stderr) ? "error" : "done";
      };
      await vm.run(`echo 0 >/sys/block/${device.slice(5)}/queue/read_ahead_kb`);
      assertEquals([await read(11), await read(12), await read(13)], ["done", "error", "done"]);
      assertEquals(await put(12), "done");
      assertEquals((await disk.readSectors(100))[0], 0); // The errors are the guest's alone.

      await disk.setFaults([{ event: "write", sector: 100, errno: "ENOSPC", once: true }]);
      assertEquals([await read(12), await put(11), await put(12), await put(12)], [
        "done",
        "done",
        "error",
        "done",
      ]);
      await disk.setFaults([{ event: "flush" }]);
      assertEquals([await read(12), await put(3)], ["done", "error"]);
      (await vm.snapshot()).close();
      assertEquals([await read(12), await put(3)], ["done", "error"]);
      await disk.clearFaults();
      assertEquals([await read(12), await put(3)], ["done", "done"]);
      await assertRejects(
        () => disk.setFaults([{ event: "read", sector: 2048 }]),
        DiskError,
        "has 2048 sectors: there is no sector 2048",
      );
      await assertRejects(
        () => disk.setFaults([{ event: "flush", sector: 1 }]),
        InvalidOptionError,
        "must not have a sector",
      );
    }
  });
});

Deno.test("a snapshot has the disks and their content, and a restore brings both back", async () => {
  await withVm(async (vm, _, directory) => {
    const path = `${directory}/image`;
    await rawFile(path, "r");
    const fresh = await vm.attachDisk({ size: "256M", name: "fresh" });
    const over = await vm.attachDisk({ path, name: "over" });
    await vm.boot();
    for (const disk of [fresh, over]) await write(vm, disk, 0, "then");
    await over.setFaults([{ event: "read", sector: 800 }]);
    using snapshot = await vm.snapshot();
    for (const disk of [fresh, over]) await write(vm, disk, 0, "now ");
    await over.clearFaults();
    await fresh.detach();
    await vm.attachDisk({ size: "1M", name: "later" });
    for (const from of ["running", "stopped", "paused"]) {
      if (from === "stopped") await vm.powerOff();
      if (from === "paused") await vm.pause();
      await vm.restore(snapshot);
      assertEquals(vm.disks.map(({ name }) => name), ["fresh", "over"]);
      for (const disk of vm.disks) {
        assertEquals([await inside(vm, disk, 0), await outside(disk, 0)], ["then", "then"]);
        await write(vm, disk, 0, "more");
        assertEquals(await outside(disk, 0), "more");
      }
      assertEquals(await inside(vm, over, 800), ""); // It fails again.
      assertEquals(await inside(vm, over, 900), "rrrr");
    }
    await over.clearFaults();
    assertEquals(await inside(vm, over, 800), "rrrr");
    await fresh.detach();
    await vm.pause();
    using paused = await vm.snapshot();
    await over.writeSectors(0, sectorOf("p"));
    assertEquals(await outside(over, 0), "pppp");
    await vm.restore(paused);
    assertEquals(await inside(vm, over, 0), "more");
  });
});

Deno.test("a snapshot of a directory restores disks in another lab, if their images are attached there", async () => {
  await withVm(async (vm, lab, directory) => {
    const path = `${directory}/image`;
    await rawFile(path, "r");
    const [over, fresh] = [await vm.attachDisk({ path }), await vm.attachDisk({ size: "8M" })];
    await vm.boot();
    for (const disk of [over, fresh]) await write(vm, disk, 1, "then");
    {
      using snapshot = await vm.snapshot();
      await snapshot.save(`${directory}/saved`);
    }
    await lab.remove(vm);
    const again = lab.vm("nas", {});
    using loaded = await lab.loadSnapshot(`${directory}/saved`, "nas");
    await assertRejects(
      () => again.restore(loaded),
      DiskError,
      "which is not attached to this machine: call attachDisk()",
    );
    assertEquals([again.state, again.disks.length], ["defined", 0]);
    await again.attachDisk({ path });
    await again.restore(loaded);
    for (const disk of again.disks) assertEquals(await inside(again, disk, 1), "then");
    const damaged = await Deno.readFile(`${directory}/saved/disk-disk1`);
    await Deno.writeFile(`${directory}/saved/disk-disk1`, damaged.with(600, 1));
    await assertRejects(
      () => lab.loadSnapshot(`${directory}/saved`, "nas"),
      Error,
      'its disk "disk1" is damaged',
    );
  });
});

Deno.test("an invalid disk is refused, and leaves nothing behind", async () => {
  await withVm(async (vm, _, directory) => {
    const path = (name: string) => `${directory}/${name}`;
    await rawFile(path("base"), "r");
    await Deno.writeTextFile(path("text"), "not a disk");
    await host("qemu-img", "create", "-q", "-f", "vmdk", path("vmdk"), "1M");
    await host(
      ...["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/shadow"] as const,
      ...["-u", path("sly"), "1M"],
    );
    const data = `data_file=${path("data")}`;
    await host("qemu-img", "create", "-q", "-f", "qcow2", "-o", data, path("split"), "1M");
    const cases: [options: Parameters<typeof vm.attachDisk>[0], says: string][] = [
      [{ path: path("none") }, "there is no such file"],
      [{ path: directory }, "it is not a file"],
      [{ path: "/dev/null" }, "it is not a file"],
      [{ path: path("text") }, "it is not a disk image"],
      [{ path: path("vmdk") }, "it is a VMDK image"],
      [{ path: path("base"), format: "qcow2" }, "it is not a qcow2 image"],
      [{ path: path("sly") }, "it has a backing file"],
      [{ path: path("sly"), readOnly: true }, "it has a backing file"],
      [{ path: path("sly"), copyOnWrite: false }, "it has a backing file"],
      [{ path: path("split") }, "it keeps its data in another file"],
      [{ size: 0 }, "must be a size"],
      [{ size: -512 }, "must be a size"],
      [{ size: 1000 }, "must be a multiple of 512"],
      [{ size: "8000T" }, "cannot create a disk of"],
    ];
    for (const state of ["defined", "running"]) {
      if (state === "running") await vm.boot();
      for (const [options, says] of cases) {
        await assertRejects(() => vm.attachDisk(options), DiskError, says);
      }
      assertEquals(vm.disks.length, 0);
    }
    for (
      const options of [{}, { size: "1M", path: path("base") }, { size: "1M", name: "Not A Name" }]
    ) {
      await assertRejects(() => vm.attachDisk(options), InvalidOptionError);
    }
    const disk = await vm.attachDisk({ size: "1M", name: "data" });
    await assertRejects(
      () => vm.attachDisk({ size: "1M", name: "data" }),
      DiskError,
      'the machine has a disk "data"',
    );
    await assertRejects(
      () => disk.readSectors(2048),
      DiskError,
      "has 2048 sectors: the request ends at sector 2048",
    );
    await assertRejects(() => disk.readSectors(-1), DiskError, "whole numbers from 0 on");
    await assertRejects(
      () => disk.writeSectors(0, new Uint8Array(5)),
      DiskError,
      "5 bytes are not",
    );
    const names = [...Deno.readDirSync(path("tmp"))].map(({ name }) => name);
    const files = [...Deno.readDirSync(`${path("tmp")}/${names[0]}`)].map(({ name }) => name);
    assertEquals(files.filter((name) => name.includes("disk")).length, 1);
  });
});

Deno.test("disks and NICs share eight slots, and a ninth device is refused", async () => {
  await withVm(async (vm, lab) => {
    for (let i = 0; i < 7; i++) await vm.attachDisk({ size: "1M" });
    await lab.bridge("lan").attach(vm);
    await assertRejects(
      () => vm.attachDisk({ size: "1M" }),
      DiskError,
      "all 8 slots are in use, by 1 NICs and 7 disks",
    );
    await assertRejects(
      () => lab.bridge("dmz").attach(vm),
      Error,
      "all 8 slots are in use: 1 by NICs, 7 by disks",
    );
    await vm.boot();
    assertEquals(
      (await vm.run("ls /sys/block | grep -c vd; ls /sys/class/net")).stdout,
      "7\neth0\nlo\n",
    );
    using snapshot = await vm.snapshot();
    await vm.disks[6].detach();
    await lab.bridge("dmz").attach(vm);
    await assertRejects(() => vm.restore(snapshot), Error, "has taken the slot of the disk");
  });
});

Deno.test("a disk cannot be plugged into a paused guest, nor used once its machine is removed", async () => {
  await withVm(async (vm, lab) => {
    const disk = await vm.attachDisk({ size: "1M" });
    await assertRejects(() => disk.guestPath(), VmStateError, "boot() it first");
    await vm.boot();
    await vm.pause();
    await assertRejects(() => vm.attachDisk({ size: "1M" }), VmStateError, "resume() it first");
    await assertRejects(() => disk.detach(), VmStateError, "resume() it first");
    await lab.remove(vm);
    for (const use of [() => disk.readSectors(0), () => vm.attachDisk({ size: "1M" })]) {
      await assertRejects(use, NodeRemovedError, "was removed");
    }
  });
});

Deno.test("a host without qemu-img says what to install", async () => {
  const directory = await Deno.makeTempDir();
  try {
    // The tools that a machine's first process needs, but not QEMU.
    for (const name of ["sh", "mount", "umount", "mkdir", "cat", "rm", "unshare", "nsenter"]) {
      const real = Deno.env.get("PATH")!.split(":").map((each) => `${each}/${name}`);
      for (const each of real) {
        if (await Deno.stat(each).catch(() => undefined)) {
          await Deno.symlink(each, `${directory}/${name}`).catch(() => {});
        }
      }
    }
    const script = new URL("disk_without_tools_main.ts", import.meta.url).pathname;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, script],
      env: { PATH: directory },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert(success, new TextDecoder().decode(stderr));
    assertStringIncludes(said, "DiskError");
    assertStringIncludes(said, "this needs the program qemu-img, which is not on PATH: ");
    assertStringIncludes(said, "fresh: 1048576");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a full disk of the host is an error for the guest, and for the next disk", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const image = `${directory}.image`;
    await rawFile(image, "r");
    const mount = `mount -t tmpfs -o size=4m none "$0" && TMPDIR="$0" exec "$@"`;
    const main = new URL("disk_full_main.ts", import.meta.url).pathname;
    const { success, stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["-m", "sh", "-c", mount, directory, Deno.execPath(), "run", "-P", main, image],
      ],
      cwd: new URL("../../../", import.meta.url),
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert(success, text(stderr));
    const said = JSON.parse(text(stdout));
    assertEquals([said.exitCode, said.goesOn, said.after, said.state], [
      1,
      "here\n",
      "here\n",
      "running",
    ]);
    assertStringIncludes(said.stderr.toLowerCase(), "error");
    assertStringIncludes(said.saving, "no space is left on the disk");
    assertStringIncludes(said.over, "qemu-img cannot create the file for the guest's writes");
    assertStringIncludes(said.over, "No space left on device");
    assertEquals(said.disks, 1);
  } finally {
    await Deno.remove(`${directory}.image`);
    await Deno.remove(directory, { recursive: true });
  }
});
