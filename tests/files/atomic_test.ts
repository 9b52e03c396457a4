import { assert, assertEquals, assertRejects } from "@std/assert";
import { linkAtomically, writeAtomically, writeJson } from "../../lib/files/atomic.ts";
import { LiveFile } from "../../lib/files/live_file.ts";
import { inTempDir, namesIn, readJson } from "../sim/run_kit.ts";

inTempDir(
  "a reader sees the old or the new content while a file is written",
  async (root) => {
    const path = `${root}/file`;
    const texts = ["a", "b"].map((letter) => letter.repeat(1_000_000));
    await writeAtomically(path, texts[0]);
    let writing = true;
    const read = async () => {
      let reads = 0;
      for (; writing; reads++) assert(texts.includes(await Deno.readTextFile(path)));
      return reads;
    };
    const reader = read();
    for (let i = 0; i < 50; i++) await writeAtomically(path, texts[i % 2]);
    writing = false;
    assert(await reader > 0);
    assertEquals(namesIn(root), ["file"]);
  },
);

inTempDir(
  "a failed write keeps the old file, and the error has the path and the reason",
  async (root) => {
    await Deno.mkdir(`${root}/taken/full`, { recursive: true });
    await assertRejects(
      () => writeAtomically(`${root}/taken`, "x"),
      Error,
      `cannot write ${root}/taken: Is a directory (os error 21)`,
    );
    const { message } = await assertRejects(() => writeJson(`${root}/none/x.json`, {}), Error);
    assertEquals(
      message,
      `cannot write ${root}/none/x.json: No such file or directory (os error 2)`,
    );
    await assertRejects(
      () => linkAtomically(`${root}/taken`, "x"),
      Error,
      `cannot write ${root}/taken`,
    );
    assertEquals(namesIn(root), ["taken"]);
  },
);

inTempDir("a link is replaced, even a dangling one", async (root) => {
  await linkAtomically(`${root}/latest`, "nowhere");
  await linkAtomically(`${root}/latest`, "run");
  assertEquals([await Deno.readLink(`${root}/latest`), namesIn(root)], ["run", ["latest"]]);
});

inTempDir("a live file is written soon, but not at each change", async (root) => {
  const path = `${root}/live.json`;
  let [value, reads] = [0, 0];
  const file = new LiveFile(path, () => {
    reads++;
    return value;
  });
  assertEquals(await file.flush(), undefined);
  for (value = 1; value < 1000; value++) file.touch();
  const deadline = performance.now() + 10_000;
  while (await readJson(path) !== 1000) assert(performance.now() < deadline);
  assertEquals(reads, 2);
  assertEquals(await file.flush(), undefined);
});

inTempDir(
  "a live file that could not be written is up to date after the next write",
  async (root) => {
    const file = new LiveFile(`${root}/later/live.json`, () => 1);
    assertEquals(
      await file.flush(),
      `cannot write ${root}/later/live.json: No such file or directory (os error 2)`,
    );
    await Deno.mkdir(`${root}/later`);
    assertEquals(await file.flush(), undefined);
    assertEquals(await readJson(`${root}/later/live.json`), 1);
  },
);
