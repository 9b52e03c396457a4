import { assertEquals, assertStringIncludes } from "@std/assert";

const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** Prints the seeds of a lab without a seed and of one with the seed 7, in a process of its own. */
async function seeds(environment: string): Promise<{ out: string; err: string; code: number }> {
  const script = `
    import { Lab } from "@netyard/netyard";
    for (const options of [{}, { seed: 7 }]) {
      await using lab = await Lab.create(options);
      console.log(lab.seed);
    }`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--config",
      CONFIG,
      "data:text/typescript," + encodeURIComponent(script),
    ],
    env: { NETYARD_SEED: environment, NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { out, err, code };
}

Deno.test("NETYARD_SEED is the seed of labs that have none of their own", async () => {
  assertEquals((await seeds("4294967295")).out, "4294967295\n7\n");
  assertEquals((await seeds("0")).out, "0\n7\n");
});

Deno.test("a NETYARD_SEED that is no seed is refused", async () => {
  for (const text of ["x", "-1", "1.5", "4294967296", "1e3"]) {
    const { code, err } = await seeds(text);
    assertEquals(code, 1);
    assertStringIncludes(
      err,
      `InvalidOptionError: Lab.create(): the environment variable NETYARD_SEED is "${text}"; it must ` +
        "be a whole number from 0 to 4294967295",
    );
  }
});
