import { assertEquals, assertRejects } from "@std/assert";
import { MemoryFile } from "../../../native/files/memory_file.ts";
import { libc } from "../../../native/libc.ts";
import { BootCache } from "../../../lib/vm/saved/boot_cache.ts";
import { readSaved, writeSaved } from "../../../lib/vm/saved/machine.ts";
import { type SavedMachine, SnapshotError } from "../../../lib/vm/saved/saved_machine.ts";

const SIZE = 2 ** 20;

function machine(): SavedMachine {
  const memory = MemoryFile.create("test", SIZE);
  libc().pwrite(memory.fd, new TextEncoder().encode("a guest"), 7n, 4096n);
  return {
    shape: { profile: "abc", arch: "x86_64", accel: "tcg", memoryBytes: SIZE, cpus: 1 },
    nics: [{ id: "nic0", slot: 0, tap: "tap0", mac: "02:00:00:00:00:01", linkUp: true }],
    state: new TextEncoder().encode("devices"),
    memory,
    disks: [],
  };
}

async function scratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const READ = { label: "nas", checked: true };

Deno.test("a saved machine is read as it was written", async () => {
  await scratch(async (directory) => {
    const path = `${directory}/deep/er/nas`;
    using memory = machine().memory;
    const written = { ...machine(), memory };
    await writeSaved(path, written, { checked: true });
    for (const checked of [true, false]) {
      const read = await readSaved(path, { label: "nas", checked });
      assertEquals(read.shape, written.shape);
      assertEquals(read.nics, written.nics);
      assertEquals(read.state, written.state);
      await read.memory.write(`${directory}/memory-${checked}`);
      read.memory.close();
      const bytes = await Deno.readFile(`${directory}/memory-${checked}`);
      assertEquals(new TextDecoder().decode(bytes.subarray(4096, 4103)), "a guest");
    }
    assertEquals([...Deno.readDirSync(`${directory}/deep/er`)].map(({ name }) => name), ["nas"]);
  });
});

Deno.test("a damaged snapshot is refused, and the message says what is damaged", async () => {
  const damages: [file: string, damage: (bytes: Uint8Array) => Uint8Array, says: string][] = [
    ["state", (bytes) => bytes.with(0, 0), "the state of its devices is damaged"],
    ["memory", (bytes) => bytes.with(4096, 0), "its memory is damaged"],
    ["memory", (bytes) => bytes.subarray(0, 5000), "its memory has 5000 bytes"],
    ["machine.json", () => new TextEncoder().encode("{"), "its machine.json is invalid"],
    ["machine.json", () => new TextEncoder().encode("{}"), "its machine.json is invalid"],
  ];
  for (const [file, damage, says] of damages) {
    await scratch(async (directory) => {
      const saved = machine();
      using _memory = saved.memory;
      await writeSaved(`${directory}/nas`, saved, { checked: true });
      const path = `${directory}/nas/${file}`;
      await Deno.writeFile(path, damage(await Deno.readFile(path)));
      const error = await assertRejects(() => readSaved(`${directory}/nas`, READ), SnapshotError);
      assertEquals(error.message.includes(says), true, error.message);
      assertEquals(error.message.includes(`${directory}/nas`), true, error.message);
    });
  }
});

Deno.test("a missing or incomplete snapshot is refused", async () => {
  await scratch(async (directory) => {
    await assertRejects(
      () => readSaved(`${directory}/none`, READ),
      SnapshotError,
      "does not exist",
    );
    const saved = machine();
    using _memory = saved.memory;
    await writeSaved(`${directory}/nas`, saved, { checked: true });
    await Deno.remove(`${directory}/nas/memory`);
    await assertRejects(() => readSaved(`${directory}/nas`, READ), SnapshotError, "is incomplete");
  });
});

Deno.test("a snapshot does not overwrite a directory, and leaves nothing incomplete", async () => {
  await scratch(async (directory) => {
    const saved = machine();
    using _memory = saved.memory;
    await Deno.mkdir(`${directory}/nas`);
    await Deno.writeTextFile(`${directory}/nas/mine`, "kept");
    await assertRejects(() => writeSaved(`${directory}/nas`, saved, { checked: true }));
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["nas"]);
    assertEquals(await Deno.readTextFile(`${directory}/nas/mine`), "kept");
  });
});

Deno.test("the boot cache finds a machine unless it was changed since", async () => {
  await scratch(async (directory) => {
    const cache = new BootCache(directory);
    assertEquals(await cache.find("key", "nas"), undefined);
    const saved = machine();
    using _memory = saved.memory;
    await cache.put("key", saved);
    const found = await cache.find("key", "nas");
    assertEquals(found?.shape, saved.shape);
    found?.memory.close();
    await Deno.utime(`${directory}/key/memory`, 1, 1);
    assertEquals(await cache.find("key", "nas"), undefined);
    assertEquals([...Deno.readDirSync(directory)].length, 0);
  });
});

Deno.test("the boot cache keeps the twelve most recently used machines", async () => {
  await scratch(async (directory) => {
    const cache = new BootCache(directory);
    const saved = machine();
    using _memory = saved.memory;
    for (let n = 0; n < 14; n++) {
      await cache.put(`key${n}`, saved);
      await Deno.utime(`${directory}/key${n}`, 1_000 + n, 1_000 + n);
    }
    await cache.put("last", saved);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assertEquals(names.length, 12);
    assertEquals(names.includes("last"), true);
    assertEquals(names.includes("key2"), false);
    assertEquals(names.includes("key3"), true);
  });
});

Deno.test("exclusively() runs one call at a time for a key, and different keys at the same time", async () => {
  await scratch(async (directory) => {
    const caches = [new BootCache(directory), new BootCache(directory)];
    const log: string[] = [];
    const make = (cache: BootCache, key: string, name: string) =>
      cache.exclusively(key, async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push(`${name} ends`);
      });
    await Promise.all([make(caches[0], "a", "one"), make(caches[1], "a", "two")]);
    assertEquals(log, ["one begins", "one ends", "two begins", "two ends"]);
  });
});

Deno.test("a snapshot is written where it is named, also by a relative path or with a slash", async () => {
  await scratch(async (directory) => {
    const saved = machine();
    using _memory = saved.memory;
    const relative = `${"../".repeat(Deno.cwd().split("/").length)}${directory.slice(1)}/nas`;
    for (const path of [relative, `${directory}/other/`]) {
      await writeSaved(path, saved, { checked: true });
      (await readSaved(path, READ)).memory.close();
    }
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assertEquals(names, ["nas", "other"]);
    await assertRejects(
      () => writeSaved(`${directory}/nas`, saved, { checked: true }),
      SnapshotError,
      "exists already",
    );
    assertEquals([...Deno.readDirSync(directory)].length, 2);
  });
});

Deno.test("an unfinished directory of a killed process is removed from the cache once it is old", async () => {
  await scratch(async (directory) => {
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [".making-old", ".making-new"]) await Deno.mkdir(`${directory}/${name}`);
    await Deno.utime(`${directory}/.making-old`, old, old);
    const saved = machine();
    using _memory = saved.memory;
    await new BootCache(directory).put("key", saved);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assertEquals(names, [".making-new", "key"]);
  });
});
