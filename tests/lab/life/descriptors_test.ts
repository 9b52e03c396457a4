import { assert, assertEquals } from "@std/assert";

const here = (file: string) => new URL(file, import.meta.url).pathname;

async function script(...argv: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1) })
    .output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return text.decode(stdout);
}

Deno.test("refusals and failures leave no descriptor open", async () => {
  const left = await script(Deno.execPath(), "run", "-A", here("descriptors_main.ts"));
  assertEquals(left, "");
});

Deno.test("a process that runs out of descriptors gets an error, and can continue", async () => {
  const run = `ulimit -n 120; exec ${Deno.execPath()} run -A ${here("descriptors_out_main.ts")}`;
  assertEquals(await script("sh", "-c", run), "EMFILE, nothing left, another fits\n");
});

Deno.test("a node whose first process lacks a descriptor starts once one is free", async () => {
  const run = `ulimit -n 160; exec ${Deno.execPath()} run -A ${here("descriptors_start_main.ts")}`;
  assertEquals(await script("sh", "-c", run), "started after some failures: true\n");
});

Deno.test("a process with more than 1024 open descriptors can build labs", async () => {
  const built = await script(Deno.execPath(), "run", "-A", here("descriptors_many_main.ts"));
  assertEquals(built, "true true 0\n0\n");
});
