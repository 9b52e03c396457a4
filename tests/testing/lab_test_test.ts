import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DeadlineError, type Lab, LabClosedError } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";

let firstLab: Lab | undefined;

labTest("a labTest gets its own lab, with its name as the label", async (lab) => {
  firstLab = lab;
  assertEquals(lab.label, "a-labtest-gets-its-own-lab-with-its-name-as-the-label");
  assertEquals(lab.routers, []);
  await lab.addRouter("dc");
});

Deno.test("the lab of a labTest is closed when the test ends", async () => {
  assert(firstLab);
  await assertRejects(() => firstLab!.addRouter("late"), LabClosedError);
});

labTest("a labTest takes the options of a lab and of Deno.test", {
  label: "mine",
  seed: 7,
  test: { sanitizeExit: true },
}, (lab) => {
  assertEquals([lab.label, lab.seed], ["mine", 7]);
});

Deno.test("a labTest whose function throws fails, and its lab is closed", async () => {
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
    const output = new TextDecoder().decode(stdout);
    assertEquals(code, 1);
    assertStringIncludes(output, "as it should");
    assertStringIncludes(output, "1 passed | 1 failed");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("waitUntil resolves with the first truthy value of the condition", async () => {
  let checks = 0;
  const value = await waitUntil(() => ++checks >= 3 ? "there" : undefined, { intervalMs: 1 });
  assertEquals([value, checks], ["there", 3]);
});

Deno.test("waitUntil fails at the deadline, and names the condition", async () => {
  const error = await assertRejects(
    () => waitUntil(() => false, { timeoutMs: 30, intervalMs: 5, what: "the impossible" }),
    DeadlineError,
  );
  assertStringIncludes(error.message, "waited 30 ms for: the impossible");
});

Deno.test("waitUntil takes an error of the condition as false, and reports the last one", async () => {
  let checks = 0;
  const value = await waitUntil(() => {
    if (++checks < 3) throw new Error("too early");
    return checks;
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
  assertStringIncludes(error.message, "waited 20 ms for: an answer");
  assertStringIncludes(error.message, "still running");
});
