// A guest fills its disk, for which the host has no space. Run with a small TMPDIR; it prints the result.
// The argument is an image outside of TMPDIR.
import { Lab } from "@netyard/netyard";

await using lab = await Lab.create({ label: "full" });
const vm = lab.vm("nas", {});
const disk = await vm.attachDisk({ size: "64M" });
await vm.boot();
const path = await disk.guestPath();
const { exitCode, stderr } = await vm.run(
  `dd if=/dev/urandom of=${path} bs=64k count=128 conv=fsync`,
);
const goesOn = (await vm.run("echo here")).stdout;
const saving = await vm.snapshot().then(() => "", (error) => error.message);
const after = (await vm.run("echo here")).stdout;
const over = await vm.attachDisk({ path: Deno.args[0] }).then(() => "", (error) => error.message);
const disks = vm.disks.length;
console.log(
  JSON.stringify({ exitCode, stderr, goesOn, saving, after, over, disks, state: vm.state }),
);
