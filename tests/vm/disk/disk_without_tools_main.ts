/** Run with a PATH without QEMU's tools: prints the error of attaching an image; a fresh disk needs none. */
import { Lab } from "@netyard/netyard";

const image = await Deno.makeTempFile();
try {
  await Deno.writeFile(image, new Uint8Array(512));
  await using lab = await Lab.create();
  const vm = lab.vm("nas", {});
  const error = await vm.attachDisk({ path: image }).then(() => undefined, (error) => error);
  console.log(error?.name, error?.constructor.name, error?.message);
  console.log(`fresh: ${(await vm.attachDisk({ size: "1M" })).size}`);
} finally {
  await Deno.remove(image);
}
