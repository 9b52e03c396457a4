import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DeadlineError, type Lab, LabClosedError } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";

let kept: Lab | undefined;

labTest("a labTest gets a lab of its own, labelled by the test", async (lab) => {
  kept = lab;
  assertEquals(lab.label, "a-labtest-gets-a-lab-of-its-own-labelled-by-the-test");
  assertEquals(lab.routers, []);
  await lab.addRouter("dc");
});

Deno.test("the lab of a labTest is closed when the test ends", async () => {
  assert(kept);
  await assertRejects(() => kept!.addRouter("late"), LabClosedError);
});

labTest("a labTest takes the options of a lab and of Deno.test", {
  label: "mine",
  seed: 7,
  test: { sanitizeExit: true },
}, (lab) => {
  assertEquals([lab.label, lab.seed], ["mine", 7]);
});

Deno.test("a labTest that fails fails, and its lab is closed", async () => {
  const script = `
    import { labTest } from "@netyard/netyard/testing";
    labTest("it throws", () => { throw new Error("as it should"); });
    labTest("the next one has a lab again", async (lab) => { await lab.addRouter("dc"); });
  `;
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  try {
    await Deno.writeTextFile(file, script);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-P", "--no-check", "--config", config, file],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assertEquals(code, 1);
    assertStringIncludes(said, "as it should");
    assertStringIncludes(said, "1 passed | 1 failed");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("waitUntil resolves with what the condition returned once it holds", async () => {
  let looks = 0;
  const value = await waitUntil(() => ++looks >= 3 ? "there" : undefined, { intervalMs: 1 });
  assertEquals([value, looks], ["there", 3]);
});

Deno.test("waitUntil gives up at the deadline and says what it waited for", async () => {
  const error = await assertRejects(
    () => waitUntil(() => false, { timeoutMs: 30, intervalMs: 5, what: "the impossible" }),
    DeadlineError,
  );
  assertStringIncludes(error.message, "30 ms in vain for: the impossible");
});

Deno.test("waitUntil takes an error for not yet, and names the last one", async () => {
  let looks = 0;
  const value = await waitUntil(() => {
    if (++looks < 3) throw new Error("too early");
    return looks;
  }, { intervalMs: 1 });
  assertEquals(value, 3);
  const error = await assertRejects(
    () =>
      waitUntil(() => {
        throw new Error("never ready");
      }, { timeoutMs: 20, intervalMs: 5 }),
    DeadlineError,
  );
  assertStringIncludes(error.message, "never ready");
});

Deno.test("waitUntil does not wait for a condition beyond its deadline", async () => {
  const error = await assertRejects(
    () => waitUntil(() => new Promise<boolean>(() => {}), { timeoutMs: 20, what: "an answer" }),
    DeadlineError,
  );
  assertStringIncludes(error.message, "20 ms in vain for: an answer");
  assertStringIncludes(error.message, "still under way");
});
