import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { InconclusiveError, labTest, waitUntil } from "@netyard/netyard/testing";
import { inconclusiveText } from "../../lib/testing/inconclusive.ts";
import { THRESHOLDS } from "../../lib/record/verdict.ts";
import { busyHost, cpuWaitUs, runOf } from "./kit.ts";

// Kernels without pressure, or with it switched off, report nothing to judge by.
const ignore = cpuWaitUs() === undefined;

Deno.test({
  name: "a lab beside busy programs is inconclusive, recorded or not",
  ignore,
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      await using _busy = await busyHost();
      await using plain = await Lab.create({ record: "off" });
      await using recorded = await Lab.create({ outDir: { exact: directory } });
      for (const lab of [plain, recorded]) {
        // A recorded lab may be inconclusive before: its event loop is watched, too.
        await waitUntil(
          () => lab.verdict.reasons.some((why) => /programs of this host waited/.test(why)),
          { timeoutMs: 60_000, what: "an inconclusive verdict" },
        );
        assertEquals(lab.verdict.kind, "inconclusive");
      }
      await recorded.close();
      assertEquals((await runOf(directory)).verdict.kind, "inconclusive");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

labTest("a lab on a host with time to spare is ok", async (lab) => {
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", {
    interfaces: { eth0: { gateway: dc, condition: { latencyMs: 20 } } },
  });
  const [before, from] = [cpuWaitUs() ?? 0, performance.now()];
  await server.$`ping -c 5 -i 0.2 -w 20 ${dc.downstreamGateway!}`.quiet();
  const { kind, reasons } = lab.verdict;
  // Other tests, and other programs, may keep this host busy: then the verdict must say so.
  const pct = ((cpuWaitUs() ?? 0) - before) / 10 / (performance.now() - from);
  assert(kind === "ok" || pct > THRESHOLDS.cpuPct / 2, `${pct} %: ${reasons}`);
  assertEquals(kind === "ok", reasons.length === 0);
});

/** Runs test files in a process of their own. */
async function denoTest(script: string, env: Record<string, string> = {}) {
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  try {
    await Deno.writeTextFile(file, script);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-P", "--no-check", "--config", config, file],
      env: { NO_COLOR: "1", ...env },
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { code, text, file };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "a test that fails on a busy host is repeated, and is then an InconclusiveError",
  ignore,
  async fn() {
    await using _busy = await busyHost();
    const { code, text } = await denoTest(`
      import { labTest, waitUntil } from "@netyard/netyard/testing";
      labTest("it fails", { retries: 1 }, async (lab) => {
        console.log("ATTEMPT");
        await waitUntil(() => lab.verdict.kind !== "ok", { timeoutMs: 60_000 });
        throw new Error("the assertion");
      });
    `);
    assertEquals([code, text.match(/^ATTEMPT/gm)?.length], [1, 2], text);
    assertStringIncludes(text, "InconclusiveError");
    assertStringIncludes(text, '"it fails" failed in each of 2 attempts');
    assertStringIncludes(text, "Caused by: Error: the assertion");
  },
});

Deno.test("a test that fails on an idle host fails as it is, and run.json has the error", async () => {
  const root = await Deno.makeTempDir();
  try {
    const { code, text, file } = await denoTest(
      `
      import { labTest } from "@netyard/netyard/testing";
      labTest("it fails", { retries: 1 }, async (lab) => {
        await lab.addRouter("dc");
        throw new RangeError("the assertion");
      });
    `,
      { NETYARD_OUTDIR: root },
    );
    assertEquals(code, 1);
    assertStringIncludes(text, "RangeError: the assertion");
    for await (const { name } of Deno.readDir(root)) {
      const { status, test, error } = await runOf(`${root}/${name}`);
      assertEquals([status, test], ["failed", { file, name: "it fails" }]);
      assertEquals([error?.name, error?.message], ["RangeError", "the assertion"]);
      assertEquals([error?.source?.file, error?.source?.line], [file, 5]);
      assertStringIncludes(error!.source!.lines.find(([n]) => n === 5)![1], "throw new RangeError");
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the message of an InconclusiveError says why, and what to do", () => {
  const cause = new Error("no reply");
  const error = new InconclusiveError(
    "hello",
    { kind: "inconclusive", reasons: ["the host is slow"] },
    cause,
  );
  assertEquals(error.cause, cause);
  assertEquals(error.reasons, ["the host is slow"]);
  assertEquals(error.message, inconclusiveText("hello", ["the host is slow"], cause, 1));
  assertStringIncludes(error.message, '"hello" failed, and this host was too slow to tell why:');
});
