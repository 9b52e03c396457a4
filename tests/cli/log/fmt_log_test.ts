import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const MAIN = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;
const ENTRY = '{"level":30,"msg":"up","time":1767323045678}';
const PRINTED = "2026-01-02T03:04:05.678Z  INFO up";

function start(args: string[], stdin: "piped" | "null" = "null"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "fmt-log", ...args],
    env: { NO_COLOR: "1" },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

Deno.test("fmt-log prints its standard input, including an incomplete last line", async () => {
  const child = start([], "piped");
  await feed(child, `${ENTRY}\nplain\n\n${ENTRY}`);
  const { code, stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stdout), `${PRINTED}\nplain\n\n${PRINTED}\n`);
  assertEquals(code, 0);
});

Deno.test("fmt-log of a missing file is refused", async () => {
  const { code, stderr } = await start(["/no/such.log"]).output();
  assertStringIncludes(new TextDecoder().decode(stderr), "/no/such.log: there is no such file");
  assertEquals(code, 1);
});

Deno.test("fmt-log with an unknown level is refused", async () => {
  const { code, stderr } = await start(["--level", "wran"]).output();
  assertStringIncludes(new TextDecoder().decode(stderr), 'did you mean "warn"?');
  assertEquals(code, 2);
});

Deno.test("Ctrl-C ends fmt-log --follow, after it has printed what it has read", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/log`;
  const child = start(["-f", path]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await Deno.writeTextFile(path, `${ENTRY}\nhalf`);
  assertEquals((await reader.read()).value, `${PRINTED}\n`);
  child.kill("SIGINT");
  assertEquals((await reader.read()).value, "half\n");
  assert((await reader.read()).done);
  await child.stderr.cancel();
  assertEquals(await child.status, { success: true, code: 0, signal: null });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("fmt-log ends silently when the reader of its output is gone", async () => {
  const child = start([], "piped");
  const reader = child.stdout.getReader();
  const writer = child.stdin.getWriter();
  const line = new TextEncoder().encode(`${ENTRY}\n`);
  await writer.write(line);
  await reader.read();
  await reader.cancel();
  // Until it closes its standard input, that is, until it has ended.
  try {
    for (;;) await writer.write(line);
  } catch (error) {
    assert(error instanceof Deno.errors.BrokenPipe);
  }
  const stderr = await new Response(child.stderr).text();
  assertEquals(stderr, "");
  assertEquals((await child.status).code, 0);
});
