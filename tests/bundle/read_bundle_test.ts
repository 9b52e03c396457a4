import { assertEquals, assertRejects } from "@std/assert";
import { zipSync } from "fflate";
import { EventBus, RunDirectory } from "@netyard/netyard";
import { BundleError, readBundle } from "../../lib/bundle/read_bundle.ts";
import { plainFiles } from "../../lib/bundle/zip_directory.ts";

const INFO = {
  version: 1,
  failed: { kind: "test", name: "it fails", file: "/suite/a_test.ts" },
  error: { name: "Error", message: "no", stack: "Error: no" },
  label: "it-fails",
  seed: 7,
  command: ["deno", "test"],
  cwd: "/suite",
};

/** Calls a function with a directory that has a bundle. */
async function withBundle(test: (directory: string, bundle: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    const bundle = `${directory}/bundle`;
    using bus = new EventBus();
    bus.emit({ kind: "lab-created", label: "it-fails", seed: 7 });
    const run = await RunDirectory.at(`${bundle}/run`);
    run.attach(bus);
    await run.close();
    await Deno.writeTextFile(`${bundle}/bundle.json`, JSON.stringify({ ...INFO, more: [1] }));
    await test(directory, bundle);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a bundle is read from its directory and from its zip file", async () => {
  await withBundle(async (directory, bundle) => {
    const read = await readBundle(bundle);
    assertEquals(read.info, { ...INFO, schedule: [], onlyFaults: null } as typeof read.info);
    assertEquals(read.events.map(({ kind }) => kind), ["lab-created"]);
    const files: Record<string, Uint8Array> = {};
    for (const path of await plainFiles(bundle)) {
      files[path] = await Deno.readFile(`${bundle}/${path}`);
    }
    // Names of a hostile zip file lead nowhere.
    files["../outside"] = bytes("x");
    await Deno.writeFile(`${directory}/b.zip`, zipSync(files));
    assertEquals(await readBundle(`${directory}/b.zip`), read);
    assertEquals((await plainFiles(directory)).includes("outside"), false);
  });
});

Deno.test("what is no bundle is refused, with its path and what is wrong", async () => {
  await withBundle(async (directory, bundle) => {
    const refused = (path: string, text: string) =>
      assertRejects(() => readBundle(path), BundleError, text);
    await refused(`${directory}/gone`, `cannot read the bundle ${directory}/gone: No such file`);
    await refused("/dev/null", "/dev/null is no bundle: give a directory, or a zip file");
    await refused(`${bundle}/bundle.json`, "bundle.json is no zip file");
    await refused(`${bundle}/run`, `${bundle}/run is no bundle: its bundle.json cannot be read`);
    await Deno.writeFile(`${directory}/empty.zip`, zipSync({}));
    await refused(
      `${directory}/empty.zip`,
      "empty.zip is no bundle: its bundle.json cannot be read",
    );

    for (
      const [change, text] of [
        [{ version: 2 }, "bundle.json: version: "],
        [{ seed: "7" }, "bundle.json: seed: "],
        [{ command: "deno" }, "bundle.json: command: "],
        [{ failed: { kind: "test", name: 3 } }, "bundle.json: failed.name: "],
      ] as const
    ) {
      await Deno.writeTextFile(`${bundle}/bundle.json`, JSON.stringify({ ...INFO, ...change }));
      await refused(bundle, `${bundle}: ${text}`);
    }
    await Deno.remove(`${bundle}/bundle.json`);
    await Deno.symlink("/etc/passwd", `${bundle}/bundle.json`);
    await refused(bundle, "it is no plain file");
    await Deno.remove(`${bundle}/bundle.json`);
    await Deno.writeTextFile(`${bundle}/bundle.json`, JSON.stringify(INFO));
    await Deno.writeTextFile(`${bundle}/run/events.jsonl`, "{}\n");
    await refused(bundle, `${bundle}: its events cannot be read: ${bundle}/run/events.jsonl:1`);
  });
});
