import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cacheDirectory } from "../../../lib/files/cache.ts";

const MAIN = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;

async function prepare(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "prepare", ...args],
    env,
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("prepare leaves the kernel and the initramfs of tiny in the cache, and prints where", async () => {
  // Other tests may have built them already: only the first run takes time.
  await prepare([]);
  const { code, stdout, stderr } = await prepare([]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const [, directory] = /^the boot files of the profile "tiny" are in (.+)\n$/.exec(stdout)!;
  assert(directory.startsWith(`${cacheDirectory()}/tiny/`), directory);
  for (const file of ["vmlinux", "initramfs"]) {
    assert((await Deno.stat(`${directory}/${file}`)).size > 2 ** 20, file);
  }
});

Deno.test("prepare reports why it cannot fill the cache", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { code, stdout, stderr } = await prepare([], { NETYARD_CACHE: file });
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertStringIncludes(stderr, file);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("prepare has a help, and refuses unknown options", async () => {
  assertMatch((await prepare(["--help"])).stdout, /^Usage: netyard prepare /m);
  const { code, stderr } = await prepare(["--force"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "netyard prepare does not know --force");
});
