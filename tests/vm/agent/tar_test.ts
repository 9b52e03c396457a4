import { assertEquals } from "@std/assert";
import { joinBytes } from "../../../lib/vm/socket/bytes.ts";
import { tarEnd, type TarEntry, tarHeader, tarPadding } from "../../../lib/vm/agent/tar.ts";

const encoder = new TextEncoder();

Deno.test("a header is the one that GNU tar writes", () => {
  const [block, ...more] = tarHeader({
    kind: "file",
    name: "dir/file",
    mode: 0o4755,
    mtime: 1_000_000_000.9,
    size: 1234,
  });
  assertEquals([block.length, more.length], [512, 0]);
  const text = new TextDecoder().decode(block).replace(/\0+/g, "|");
  assertEquals(
    text,
    "dir/file|0004755|0000000|0000000|00000002322|07346545000|007375| 0|ustar  |",
  );
});

Deno.test("tar unpacks an archive correctly, with names of any length", async () => {
  const long = `${"d".repeat(120)}`;
  const files: [string, string][] = [
    ["small", "x"],
    ["block", "b".repeat(512)],
    ["empty", ""],
    [`${long}/${"ü".repeat(60)}\n`, "deep"],
    ["n".repeat(100), "just fits"],
    ["m".repeat(101), "just not"],
  ];
  const common = { mode: 0o640, mtime: 1_000_000_000 };
  const entries: TarEntry[] = [
    { ...common, kind: "directory", name: long, mode: 0o700 },
    ...files.map(([name, content]): TarEntry => ({
      ...common,
      kind: "file",
      name,
      size: encoder.encode(content).length,
    })),
    { ...common, kind: "symlink", name: "link", target: "small" },
    { ...common, kind: "symlink", name: "far", target: "t".repeat(130) },
  ];
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    parts.push(...tarHeader(entry));
    if (entry.kind !== "file") continue;
    const content = encoder.encode(files.find(([name]) => name === entry.name)![1]);
    parts.push(content, tarPadding(content.length));
  }
  parts.push(tarEnd());
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${directory}/a.tar`, joinBytes(parts));
    const { code, stderr } = await new Deno.Command("tar", {
      args: ["-xpof", "a.tar"],
      cwd: directory,
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    for (const [name, content] of files) {
      assertEquals(await Deno.readTextFile(`${directory}/${name}`), content);
      const { mode, mtime } = await Deno.stat(`${directory}/${name}`);
      assertEquals([mode! & 0o7777, mtime?.getTime()], [0o640, 1e12]);
    }
    assertEquals((await Deno.stat(`${directory}/${long}`)).mode! & 0o7777, 0o700);
    assertEquals(await Deno.readLink(`${directory}/link`), "small");
    assertEquals(await Deno.readLink(`${directory}/far`), "t".repeat(130));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
