// Failure bundles: how they are found, and what is unpacked of their zip files.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Zippable, zipSync } from "fflate";
import { plainFiles, zipDirectory } from "../../lib/bundle/zip_directory.ts";
import { ServeError } from "../../lib/devtools/server/errors.ts";
import { findRuns } from "../../lib/devtools/server/find_runs.ts";
import { unpackZip } from "../../lib/devtools/server/unpack_zip.ts";
import { inDirectory } from "../cli/kit.ts";
import { emptyLab, runsOf, served, write, writeBundleFiles } from "./server_kit.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("bundles are listed as what failed, as inconclusive where the host was too slow", () =>
  inDirectory(async (root) => {
    await writeBundleFiles(`${root}/a`);
    const verdict = { kind: "inconclusive", reasons: ["slow"] };
    await writeBundleFiles(`${root}/b`, { verdict, failed: { kind: "script", name: "x.ts" } });
    await write(root, { "c/bundle.json": "{ broken", "c/run/events.jsonl": emptyLab("c") });
    const { answer, directories, bundles } = await findRuns(root);
    const brief = runsOf(answer).map(({ id, label, status, test, lab, isBundle }) =>
      [id, label, status, test, lab, isBundle].join()
    );
    assertEquals(brief.sort(), [
      "a,peers meet,failed,peers meet,peers-meet,true",
      "b,x.ts,inconclusive,x.ts,peers-meet,true",
      "c/run,c,closed,,c,false",
    ]);
    const [{ error }] = runsOf(answer).filter(({ id }) => id === "a");
    assertEquals(error, "AssertionError: Values are not equal");
    assertEquals([directories.get("a"), bundles.get("a")], [`${root}/a/run`, `${root}/a`]);
    assertEquals([...bundles.keys()].sort(), ["a", "b"]);
  }));

Deno.test("the folder of bundles is searched beside the one that is served", () =>
  inDirectory(async (root) => {
    await write(root, { "runs/a/events.jsonl": emptyLab("a") });
    await writeBundleFiles(`${root}/failures/20260102-030405-678-peers`);
    const found = await findRuns(`${root}/runs`, undefined, `${root}/failures`);
    const id = "~failures/20260102-030405-678-peers";
    assertEquals([...found.directories.keys()], ["a", id]);
    assertEquals(found.bundles.get(id), `${root}/failures/20260102-030405-678-peers`);
    assertEquals(found.answer.invocations.map(({ title }) => title).sort(), ["failures", "runs"]);
    const without = await findRuns(`${root}/runs`, undefined, `${root}/none`);
    assertEquals([...without.directories.keys(), ...without.answer.problems], ["a"]);
  }));

Deno.test("of a bundle, its own file and those of its run are sent, and nothing that a link leads to", async () => {
  await using all = await served(async (root) => {
    await writeBundleFiles(`${root}/a`);
    await write(root, { "secret.txt": "secret", "b/bundle.json": { version: 1 } });
    await write(root, { "elsewhere/events.jsonl": emptyLab("elsewhere") });
    await Deno.symlink(`${root}/elsewhere`, `${root}/b/run`);
  });
  const { files } = JSON.parse((await all.get("/api/files?run=a")).text);
  assertEquals(files.map(({ path }: { path: string }) => path), [
    "events.jsonl",
    "nodes/left/stdout.log",
    "bundle.json",
  ]);
  const get = (run: string, path: string) =>
    all.get(`/api/file?${new URLSearchParams({ run, path })}`);
  assertStringIncludes((await get("a", "bundle.json")).text, "peers meet");
  for (
    const [run, path] of [
      ...[["a", "failure.txt"], ["a", "../secret.txt"], ["a", "run/events.jsonl"]],
      ...[["b", "bundle.json"], ["b", "events.jsonl"], ["elsewhere", "bundle.json"]],
    ]
  ) {
    assertEquals((await get(run, path)).status, 404, `${run} ${path}`);
  }
});

Deno.test("a zip file is unpacked as it was packed", () =>
  inDirectory(async (root) => {
    await writeBundleFiles(`${root}/a`);
    await zipDirectory(`${root}/a`, `${root}/a.zip`);
    await unpackZip(`${root}/a.zip`, `${root}/out`);
    assertEquals(await plainFiles(`${root}/out`), await plainFiles(`${root}/a`));
    assertEquals(
      await Deno.readTextFile(`${root}/out/bundle.json`),
      await Deno.readTextFile(`${root}/a/bundle.json`),
    );
  }));

/** Unpacks a zip file of these files, and returns the paths that are there then. */
async function unpacked(
  root: string,
  files: Zippable,
  limits?: Parameters<typeof unpackZip>[2],
  change = (_: Uint8Array) => {},
): Promise<string[]> {
  const zip = zipSync(files);
  change(zip);
  await Deno.writeFile(`${root}/x.zip`, zip);
  await Deno.mkdir(`${root}/in/out`, { recursive: true });
  await unpackZip(`${root}/x.zip`, `${root}/in/out`, limits);
  return await plainFiles(`${root}/in`);
}

Deno.test("no name in a zip file leads out of the folder", () =>
  inDirectory(async (root) => {
    const names = [
      "../up",
      "/absolute",
      "a/../../up2",
      "a\\b",
      ".hidden",
      "a/.git/x",
      "C:/x",
      "\0x",
    ];
    const hostile = Object.fromEntries(names.map((name) => [name, bytes("x")]));
    const long = { ["y".repeat(300)]: bytes("x"), ["d/".repeat(20) + "deep"]: bytes("x") };
    assertEquals(await unpacked(root, { ...hostile, ...long, "run/events.jsonl": bytes("{}") }), [
      "out/run/events.jsonl",
    ]);
  }));

Deno.test("a zip file with too much is refused before anything is written", () =>
  inDirectory(async (root) => {
    const limits = { entries: 3, zipBytes: 1 << 20, bytes: 1_000 };
    const refused = async (files: Zippable, text: string) => {
      const error = await assertRejects(() => unpacked(root, files, limits), ServeError);
      assertStringIncludes(error.message, text);
      assertEquals(await plainFiles(`${root}/in`), []);
    };
    await refused({ a: [bytes("x"), {}], b: bytes(""), c: bytes(""), d: bytes("") }, "3 files");
    await refused({ a: new Uint8Array(5_000) }, "is not unpacked");
    const noise = crypto.getRandomValues(new Uint8Array(60_000));
    const many = new Uint8Array(2 << 20).map((_, i) => noise[(i * 7 + i / 60_000) % 60_000]);
    await refused({ a: [many, { level: 0 }] }, "has more than 1 MiB");
    await Deno.writeTextFile(`${root}/x.zip`, "x".repeat(100));
    await assertRejects(() => unpackZip(`${root}/x.zip`, root), ServeError, "no whole zip file");
    await assertRejects(() => unpackZip(`${root}/none.zip`, root), ServeError, "is no file");
  }));

Deno.test("an entry that unpacks to more than it declares is cut there: zip bombs", () =>
  inDirectory(async (root) => {
    const declare = (zip: Uint8Array) => {
      const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
      const directory = view.getUint32(zip.length - 6, true);
      view.setUint32(directory + 24, 10, true);
    };
    const bomb = { "events.jsonl": new Uint8Array(30 << 20) };
    assertEquals(await unpacked(root, bomb, undefined, declare), ["out/events.jsonl"]);
    assertEquals((await Deno.stat(`${root}/in/out/events.jsonl`)).size, 10);
  }));
