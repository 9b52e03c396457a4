import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ServeError } from "../../lib/devtools/server/errors.ts";
import { isLoopback, parseBind } from "../../lib/devtools/server/guard.ts";
import { rangeOf } from "../../lib/devtools/server/handler.ts";
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { emptyLab, event, served, write } from "./server_kit.ts";
import { EventStream } from "./event_stream.ts";

const TOKEN = "0123456789abcdef";

const one = (root: string) =>
  write(root, {
    "a/events.jsonl": emptyLab("a"),
    "a/run.json": {},
    "a/private.txt": "secret",
    "a/nodes/laptop/stdout.log": "hello\n",
    "secret.txt": "secret",
  });

Deno.test("a page of another name is refused: DNS rebinding", async () => {
  await using all = await served(one);
  const port = new URL(all.server.url).port;
  for (const host of ["evil.test", `evil.test:${port}`, "127.0.0.1.evil.test", "", "10.0.0.1"]) {
    assertEquals((await all.get("/api/runs", { host })).status, 403, host);
  }
  for (const host of [`localhost:${port}`, "127.0.0.1", `[::1]:${port}`]) {
    assertEquals((await all.get("/api/runs", { host })).status, 200, host);
  }
  const cross = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  assertEquals((await all.get("/api/runs", cross)).status, 403);
  assertEquals((await all.get("/", { ...cross, "sec-fetch-mode": "navigate" })).status, 200);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assertEquals((await all.get("/api/runs", { method })).status, 405, method);
  }
});

Deno.test("no path leaves the folder of a run, and only its own files are sent", async () => {
  await using all = await served(async (root) => {
    await one(root);
    await Deno.symlink("/etc/hostname", `${root}/a/state.json`);
    await write(root, { "a/nodes/plain/stderr.log": "ok\n" });
    await Deno.symlink("/etc", `${root}/a/nodes/linked`);
    await Deno.symlink("/etc/hostname", `${root}/a/nodes/plain/stdout.log`);
    await new Deno.Command("mkfifo", { args: [`${root}/a/telemetry.jsonl`] }).output();
  });
  const status = async (run: string, path: string) =>
    (await all.get(`/api/file?${new URLSearchParams({ run, path })}`)).status;
  assertEquals(await status("a", "events.jsonl"), 200);
  assertEquals(await status("a", "nodes/laptop/stdout.log"), 200);
  for (
    const path of [
      ...["private.txt", "../secret.txt", "nodes/../private.txt", "/etc/passwd", ""],
      ...["nodes/../../stdout.log", "nodes/linked/stdout.log", "state.json", "telemetry.jsonl"],
      ...["nodes/plain/stdout.log", "nodes/laptop/stdout.log/", "events.jsonl\0", "./events.jsonl"],
      ...["nodes/.hidden/stdout.log", "nodes//stdout.log", "..%2fsecret.txt"],
    ]
  ) {
    assertEquals(await status("a", path), 404, path);
  }
  for (const run of ["..", "a/..", "/etc", "a/nodes/laptop", "%2e%2e", "", "."]) {
    assertEquals(await status(run, "events.jsonl"), 404, run);
  }
  for (const path of ["/../../etc/passwd", "/api/../secret.txt", "/a/events.jsonl", "//x"]) {
    assertEquals((await all.get(path)).status, 404, path);
  }
  const { files } = JSON.parse((await all.get("/api/files?run=a")).text);
  assertEquals(files.map(({ path }: { path: string }) => path), [
    "events.jsonl",
    "run.json",
    "nodes/laptop/stdout.log",
    "nodes/plain/stderr.log",
  ]);
});

Deno.test("every answer has a policy that lets nothing else run, and the page its own scripts", async () => {
  await using all = await served(one);
  const page = await all.get("/");
  const policy = page.headers.get("content-security-policy")!;
  assertStringIncludes(policy, "default-src 'none'");
  assert(!policy.includes("unsafe"), policy);
  assertEquals(policy.match(/'sha256-[\w+/=]{44}'/g)?.length, 2);
  for (const path of ["/", "/api/runs", "/api/file?run=a&path=events.jsonl", "/nothing"]) {
    const { headers } = await all.get(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff", path);
    assertEquals(headers.get("x-frame-options"), "DENY", path);
    assertEquals(headers.get("cross-origin-resource-policy"), "same-origin", path);
    assertEquals(headers.get("access-control-allow-origin"), null, path);
  }
});

Deno.test("files are sent in parts", async () => {
  await using all = await served((root) => write(root, { "a/events.jsonl": "0123456789\n" }));
  const part = async (range: string) => {
    const { status, text, headers } = await all.get("/api/file?run=a&path=events.jsonl", { range });
    return [status, text, headers.get("content-range")];
  };
  assertEquals(await part("bytes=2-4"), [206, "234", "bytes 2-4/11"]);
  assertEquals(await part("bytes=9-"), [206, "9\n", "bytes 9-10/11"]);
  assertEquals(await part("bytes=0-999"), [200, "0123456789\n", "bytes 0-10/11"]);
  assertEquals(await part("bytes=11-"), [416, "", "bytes */11"]);
  assertEquals(rangeOf(null, 100 << 20), { from: 0, length: 8 << 20 });
  assertEquals(rangeOf("bytes=-5", 10), { from: 0, length: 10 });
  assertEquals(rangeOf("bytes=5-2", 10), { from: 5, length: 0 });
});

Deno.test("with a token, every request needs it; the page keeps it in a cookie", async () => {
  await using all = await served(one, { token: TOKEN });
  assertStringIncludes(all.server.url, `?token=${TOKEN}`);
  assertEquals((await all.get("/")).status, 401);
  assertEquals((await all.get("/api/runs?token=0123456789abcdeX")).status, 401);
  assertEquals((await all.get(`/api/runs?token=${TOKEN}`)).status, 200);
  assertEquals((await all.get("/api/runs", { authorization: `Bearer ${TOKEN}` })).status, 200);
  const page = await all.get(`/?token=${TOKEN}`, { host: "lab.example:7421" });
  const cookie = page.headers.get("set-cookie")!;
  assertStringIncludes(cookie, "HttpOnly; SameSite=Strict");
  const [pair] = cookie.split(";");
  assertEquals((await all.get("/api/runs", { cookie: `x=y; ${pair}` })).status, 200);
});

Deno.test("an address that other hosts reach needs a token, which cannot be guessed", () => {
  const refusal = (bind: string, token?: string) =>
    assertThrows(() => serveRuns({ root: ".", bind, token }), ServeError).message;
  assertStringIncludes(refusal("0.0.0.0:0"), "--token");
  assertStringIncludes(refusal("[::]:0"), "--token");
  assertStringIncludes(refusal("192.0.2.1:0"), "--token");
  assertStringIncludes(refusal("0.0.0.0:0", "short"), "at least 16");
  assertStringIncludes(refusal("127.0.0.1:0", "has spaces in it, and more"), "letters, digits");
  assertStringIncludes(refusal("7421"), "not an address and a port");
  assertEquals(parseBind("[::1]:80"), { hostname: "::1", port: 80 });
  assertEquals([parseBind("::1:80"), parseBind("a:99999"), parseBind("a b:1")], [
    undefined,
    undefined,
    undefined,
  ]);
  assert(isLoopback("127.8.9.1") && !isLoopback("127.evil.test") && !isLoopback("0.0.0.0"));
});

Deno.test("a taken port is an error that says what to do", async () => {
  await using all = await served(one);
  const { port } = new URL(all.server.url);
  const error = assertThrows(
    () => serveRuns({ root: all.root, bind: `127.0.0.1:${port}` }),
    ServeError,
  );
  assertStringIncludes(error.message, "Choose one with --bind");
});

Deno.test("files that grow are followed; half a line waits, and a connection resumes", async () => {
  await using all = await served((root) =>
    write(root, { "a/events.jsonl": emptyLab("a", false), "a/nodes/n/stdout.log": "" })
  );
  const path = `${all.root}/a/events.jsonl`;
  const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
  const address = `${all.server.url}api/follow?run=a&path=events.jsonl&path=nodes/n/stdout.log`;
  const first = await EventStream.open(address);
  const created = emptyLab("a", false);
  const start = await first.next("data");
  assertEquals([start.text, start.data.file, start.id], [created, 0, `${created.length},0`]);
  const listed = await first.next("files");
  assertEquals([listed.data.run.id, listed.data.run.status], ["a", "running"]);

  const custom = event(1, { kind: "custom", node: null, name: "ü", data: null });
  await append(custom.slice(0, 20));
  await Deno.writeTextFile(`${all.root}/a/nodes/n/stdout.log`, "out\n", { append: true });
  const log = await first.next("data");
  assertEquals([log.text, log.data.file], ["out\n", 1]);
  await append(custom.slice(20));
  const rest = await first.next("data");
  assertEquals([rest.text, rest.data.file], [custom, 0]);
  await first.close();

  await append(event(2, { kind: "lab-closed" }));
  const second = await EventStream.open(address, rest.id);
  const more = await second.next("data");
  assertEquals(more.text, event(2, { kind: "lab-closed" }));
  while ((await second.next("files")).data.run.status !== "closed");

  await Deno.writeTextFile(path, created);
  assertEquals((await second.next("restart")).data.file, 0);
  assertEquals((await second.next("data")).text, created);
  await Deno.remove(`${all.root}/a`, { recursive: true });
  await second.next("gone");
  await second.close();
  assertEquals((await all.get("/api/follow?run=a&path=../secret.txt")).status, 404);
});
