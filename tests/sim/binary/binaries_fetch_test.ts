import { assertEquals, assertRejects } from "@std/assert";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { zipSync } from "fflate";
import { findProgram } from "../../../native/process/process.ts";
import { BinaryError, checkBinaries } from "../../../lib/sim/binary/binaries.ts";
import type { BinarySpec } from "../../../lib/sim/types/types.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { outputOf, Scratch, sha256 } from "./binaries_kit.ts";

const encoder = new TextEncoder();
const script = (word: string) => encoder.encode(`#!/bin/sh\necho ${word}\n`);

/** A server on loopback that records its requests. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const requests: Request[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    requests.push(request);
    return handler(request);
  });
  return {
    requests,
    url: (path: string) => `http://127.0.0.1:${server.addr.port}/${path}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const fetched = (url: string, more: Partial<BinarySpec> = {}): Partial<BinarySpec> => ({
  mode: "fetch",
  url,
  ...more,
});

Deno.test("a download with a SHA-256 is made once, and kept", async () => {
  await using scratch = await Scratch.make();
  await using server = serve(() => new Response(script("one")));
  const spec = fetched(server.url("relay"), {
    sha256: (await sha256(script("one"))).toUpperCase(),
  });
  const path = await scratch.path(spec);
  assertEquals([await outputOf(path), basename(path)], ["one", "relay"]);
  assertEquals(await Promise.all([scratch.path(spec), scratch.path(spec)]), [path, path]);
  assertEquals(server.requests.length, 1);
  assertEquals(scratch.said, [`binary "relay": downloading ${server.url("relay")} (0.0 MB)`]);
});

Deno.test("a download with another SHA-256 is not kept", async () => {
  await using scratch = await Scratch.make();
  await using server = serve(() => new Response(script("one")));
  const expected = "0".repeat(64);
  const spec = fetched(server.url("relay"), { sha256: expected });
  const error = await assertRejects(() => scratch.path(spec), BinaryError) as Error;
  assertEquals(
    error.message,
    `sims/a.toml:10: binary "relay": ${server.url("relay")} has the SHA-256\n  ` +
      `${await sha256(script("one"))}\nbut must have\n  ${expected}`,
  );
  assertEquals(Array.from(Deno.readDirSync(scratch.at("cache/binaries/fetched"))), []);
});

Deno.test("a download without a SHA-256 is requested each time, with the server's ETag or date", async () => {
  await using scratch = await Scratch.make();
  let word = "one";
  await using server = serve((request) => {
    const etag = `"${word}"`;
    return request.headers.get("if-none-match") === etag
      ? new Response(null, { status: 304 })
      : new Response(script(word), { headers: { etag } });
  });
  const spec = fetched(server.url("relay"));
  const first = await scratch.path(spec);
  assertEquals(await scratch.path(spec), first);
  word = "two";
  assertEquals(await outputOf(await scratch.path(spec)), "two");
  assertEquals(await outputOf(first), "one"); // a process that still uses the old one can continue
  const etags = server.requests.map(({ headers }) => headers.get("if-none-match"));
  assertEquals(etags, [null, '"one"', '"one"']);
  assertEquals(scratch.said.length, 2);
});

Deno.test("a server without ETag and date sends the file each time, once for all simulations", async () => {
  await using scratch = await Scratch.make();
  let word = "one";
  await using server = serve(() => new Response(script(word)));
  const spec = fetched(server.url("a%20b?x=1"));
  assertEquals(await outputOf(await scratch.path(spec)), "one");
  word = "two";
  assertEquals(await outputOf(await scratch.path(spec)), "two");
  assertEquals(server.requests.length, 2);
});

Deno.test("a server that refuses, is unreachable or hangs is an error", async () => {
  await using scratch = await Scratch.make();
  const held = Promise.withResolvers<Response>();
  await using server = serve(({ url }) =>
    url.endsWith("/hang")
      ? held.promise
      : url.endsWith("/page")
      ? new Response("<!DOCTYPE html><p>log in")
      : new Response("no", { status: 403, statusText: "Forbidden" })
  );
  const refused = async (url: string, message: string, stallMs?: number) => {
    const error = await assertRejects(() => scratch.path(fetched(url), { stallMs }), BinaryError);
    const start = `sims/a.toml:10: binary "relay": ${message}`;
    assertEquals((error as Error).message.slice(0, start.length), start);
  };
  await refused(
    server.url("relay"),
    `cannot download ${server.url("relay")}: the server says 403 Forbidden`,
  );
  await refused("http://127.0.0.1:1/relay", "cannot download http://127.0.0.1:1/relay: ");
  await refused(
    server.url("page"),
    `${server.url("page")} is an HTML page, not a program: <!DO`,
  );
  const hang = server.url("hang");
  await refused(hang, `cannot download ${hang}: the server sent no data for 0.2 s`, 200);
  held.resolve(new Response());
});

Deno.test("the signal ends a download, and no file is left", async () => {
  await using scratch = await Scratch.make();
  const controller = new AbortController();
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        start: (stream) => stream.enqueue(script("half")),
        cancel: () => {},
      }),
    )
  );
  const error = await assertRejects(() =>
    scratch.path(fetched(server.url("relay")), {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stop")),
    })
  );
  assertEquals((error as Error).message, "stop");
  assertEquals(Array.from(Deno.readDirSync(scratch.at("cache/binaries/fetched"))), []);
});

/** Packs a directory with tar(1). */
async function pack(
  scratch: Scratch,
  name: string,
  files: Record<string, string>,
  ...args: string[]
) {
  const directory = scratch.at(`${name}.d`);
  for (const [path, text] of Object.entries(files)) await scratch.write(`${name}.d/${path}`, text);
  await outputOf("tar", "-caf", scratch.at(name), "-C", directory, ...args, ".");
  return pathToFileURL(scratch.at(name)).href;
}

const ARCHIVES: [name: string, tool?: string][] = [
  ["a.tar"],
  ["a.tar.gz", "gzip"],
  ["a.tgz", "gzip"],
  ["a.tar.xz", "xz"],
  ["a.tar.zst", "zstd"],
  ["a.tar.bz2", "bzip2"],
];

for (const [name, tool] of ARCHIVES) {
  Deno.test({
    name: `the program in ${name} is taken`,
    ignore: tool !== undefined && !findProgram(tool),
    async fn() {
      await using scratch = await Scratch.make();
      const url = await pack(scratch, name, {
        "v1/README": "read me",
        "v1/relay": "#!/bin/sh\necho relay\n",
        "v1/other": "#!/bin/sh\necho other\n",
      });
      assertEquals(await outputOf(await scratch.path(fetched(url))), "relay");
      const other = await scratch.path(fetched(url, { member: "v1/other" }));
      assertEquals(await outputOf(other), "other");
    },
  });
}

Deno.test("the only program of an archive needs no member, several do", async () => {
  await using scratch = await Scratch.make();
  const one = await pack(scratch, "one.tar", { "b/tool": "#!/bin/sh\necho tool\n", README: "x" });
  assertEquals(await outputOf(await scratch.path(fetched(one))), "tool");
  const two = await pack(scratch, "two.tar", {
    "b/tool": "#!/bin/sh\n",
    "b/tools": "#!/bin/sh\n",
    README: "x",
  });
  const refused = async (fields: Partial<BinarySpec>, message: string) => {
    const error = await assertRejects(() => scratch.path(fields), BinaryError) as Error;
    assertEquals(error.message, `sims/a.toml:10: binary "relay": ${message}`);
  };
  await refused(
    fetched(two),
    `${two} has several programs; name one by "member":\n  b/tool\n  b/tools`,
  );
  await refused(
    fetched(two, { member: "b/toool" }),
    `${two} has no "b/toool"; did you mean "b/tool"?`,
  );
  assertEquals(basename(await scratch.path(fetched(two, { member: "tools" }))), "tools");
  const none = await pack(scratch, "none.tar", { a: "x", b: "y" });
  await refused(
    fetched(none),
    `${none} has no program; name a file by "member":\n  a\n  b`,
  );
  await Deno.writeTextFile(scratch.at("bad.tar.gz"), "no archive");
  const bad = pathToFileURL(scratch.at("bad.tar.gz")).href;
  const error = await assertRejects(() => scratch.path(fetched(bad)), BinaryError) as Error;
  assertEquals(error.message.includes(`${bad} cannot be unpacked: tar failed`), true);
});

Deno.test("an archive writes nothing outside its directory", async () => {
  await using scratch = await Scratch.make();
  const rename = ["-P", "--transform", "s,^\\./relay$,../../../escaped,"];
  const outside = await pack(scratch, "outside.tar", { relay: "#!/bin/sh\n" }, ...rename);
  await assertRejects(
    () => scratch.path(fetched(outside)),
    BinaryError,
    `${outside} has the path "../../../escaped", which is outside the archive`,
  );
  await Deno.mkdir(scratch.at("link.tar.d"));
  await Deno.symlink("/bin/sh", scratch.at("link.tar.d/relay"));
  const link = await pack(scratch, "link.tar", {});
  await assertRejects(
    () => scratch.path(fetched(link)),
    BinaryError,
    '"relay" is a link to a file outside the archive',
  );
  const zip = zipSync({ "../escaped": script("x") });
  await Deno.writeFile(scratch.at("outside.zip"), zip);
  await assertRejects(
    () => scratch.path(fetched(pathToFileURL(scratch.at("outside.zip")).href)),
    BinaryError,
    'has the path "../escaped", which is outside the archive',
  );
});

Deno.test("a zip and a single compressed file are unpacked", async () => {
  await using scratch = await Scratch.make();
  const files: Record<string, Uint8Array> = {
    "v1/tool": script("zipped"),
    README: encoder.encode("x"),
  };
  await Deno.writeFile(scratch.at("a.zip"), zipSync(files));
  const url = (name: string) => pathToFileURL(scratch.at(name)).href;
  assertEquals(await outputOf(await scratch.path(fetched(url("a.zip")))), "zipped");
  const gzip = new Blob([script("single")]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(scratch.at("relay-v1.gz"), gzip);
  const path = await scratch.path(fetched(url("relay-v1.gz")));
  assertEquals([basename(path), await outputOf(path)], ["relay-v1", "single"]);
});

Deno.test("faults of a download are errors before it starts", async () => {
  await using scratch = await Scratch.make();
  const refused = (fields: Partial<BinarySpec>, message: string) =>
    assertRejects(
      () => checkBinaries([scratch.simulation([fields])], scratch.options()),
      TomlError,
      `sims/a.toml:10: binary "relay": ${message}`,
    );
  await refused(
    fetched("example.org/relay"),
    '"url" is "example.org/relay", but must be a URL such as "https://example.org/relay.tar.gz"',
  );
  await refused(fetched("ftp://h/relay"), '"url" is "ftp://h/relay", but must be a URL');
  await refused(
    fetched("http://h/relay", { sha256: "abc" }),
    '"sha256" is "abc", but must be 64 hexadecimal digits, as sha256sum prints them',
  );
  await refused(
    fetched("http://h/relay.tgz", { member: "../x" }),
    '"member" is "../x", but must be a path in the archive',
  );
  await refused(
    fetched("http://h/relay", { member: "x" }),
    'it has "member", but the name of http://h/relay is not that of an archive',
  );
  await refused(fetched("file:///none/relay"), "there is no file /none/relay");
});
