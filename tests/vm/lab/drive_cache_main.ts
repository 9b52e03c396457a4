/** Run by `drive_cache_test.ts`: machines with a disk of their own that resume from a booted one. */
import { Lab } from "@netyard/netyard";
import { profileNamed } from "../../../lib/vm/profiles.ts";
import { tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";

const directory = await Deno.makeTempDir();
try {
  const tiny = await tinyBootFiles();
  const image = new Uint8Array(2 ** 20);
  image.set(new TextEncoder().encode("of the image"));
  await Deno.writeFile(`${directory}/data.img`, image);
  // Writes of the guest before its agent answers go to its disk.
  const cmdline = `${tiny.cmdline} rdinit=/init`;
  await Deno.writeTextFile(
    `${directory}/netyard.toml`,
    `[profiles.nas]\nextends = "tiny"\ncmdline = ${JSON.stringify(cmdline)}\n` +
      'disk = { path = "data.img" }\n',
  );
  await using lab = await Lab.create();
  const profile = profileNamed("test", "nas", directory);
  const [a, b] = ["a", "b"].map((name) => lab.vm(name, { profile }));
  const took = async (act: () => Promise<unknown>) => {
    const started = performance.now();
    await act();
    return Math.round(performance.now() - started);
  };
  console.log("first", await took(() => a.boot()));
  (await a.run("printf 'of a' | dd of=/dev/vda conv=notrunc,fsync")).assertOk();
  console.log("second", await took(() => b.boot()));
  console.log("b reads", (await b.run("head -c 12 /dev/vda")).stdout);
  await a.shutdown();
  await a.boot(); // It has what it wrote, so it does not resume from what had not been written.
  console.log("a reads", (await a.run("head -c 12 /dev/vda")).stdout);
} finally {
  await Deno.remove(directory, { recursive: true });
}
