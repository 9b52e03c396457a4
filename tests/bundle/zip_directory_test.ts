import { assertEquals, assertRejects } from "@std/assert";
import { unzipSync } from "fflate";
import { plainFiles, zipDirectory } from "../../lib/bundle/zip_directory.ts";

Deno.test("a directory is packed with all its plain files, and without its links", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const large = new Uint8Array(3 * 2 ** 20 + 7).map((_, i) => i * 31 >> 3);
    await Deno.mkdir(`${directory}/in/run/nodes`, { recursive: true });
    await Deno.writeTextFile(`${directory}/in/failure.txt`, "Grüße\n");
    await Deno.writeTextFile(`${directory}/in/empty`, "");
    await Deno.writeFile(`${directory}/in/run/nodes/stdout.log`, large);
    await Deno.symlink("/etc/passwd", `${directory}/in/run/link`);
    const zip = `${directory}/out.zip`;
    await zipDirectory(`${directory}/in`, zip);
    const files = unzipSync(await Deno.readFile(zip));
    assertEquals(Object.keys(files), ["empty", "failure.txt", "run/nodes/stdout.log"]);
    assertEquals(files["empty"].length, 0);
    assertEquals(new TextDecoder().decode(files["failure.txt"]), "Grüße\n");
    assertEquals(files["run/nodes/stdout.log"], large);
    assertEquals(await plainFiles(directory), [
      "in/empty",
      "in/failure.txt",
      "in/run/nodes/stdout.log",
      "out.zip",
    ]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a directory that cannot be packed leaves no zip file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const zip = `${directory}/out.zip`;
    await assertRejects(() => zipDirectory(`${directory}/gone`, zip), Deno.errors.NotFound);
    assertEquals(await plainFiles(directory), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
