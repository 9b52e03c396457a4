// Why a test failed, shown from its bundle: in a folder, from its zip file, and as one static file.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { called } from "../cli/kit.ts";
import { browserTest, openPage, type PageOptions, until } from "./browser_kit.ts";
import { passAndFail, TEST_NAME } from "./failure_kit.ts";

type Page = Awaited<ReturnType<typeof openPage>>["page"];

let built: Promise<{ root: string; bundle: string }> | undefined;

function failures(): Promise<{ root: string; bundle: string }> {
  return built ??= (async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-errors-" });
    return { root, bundle: await passAndFail(root, { kind: "ok", reasons: [] }) };
  })();
}

Deno.test.afterAll(async () => {
  if (built) await Deno.remove((await built).root, { recursive: true });
});

/** Opens a place of the page, and asserts at the end that nothing went wrong in it. */
async function inPage(
  act: (page: Page, bundle: string) => Promise<void>,
  hash = "",
  options?: PageOptions,
): Promise<void> {
  const { root, bundle } = await failures();
  await using server = serveRuns({ root, bind: "127.0.0.1:0" });
  await using opened = await openPage(server.url + hash, options);
  await act(opened.page, bundle.slice(root.length + 1));
  assertEquals(opened.faults, []);
  assertEquals(await opened.page.evaluate("window.hacked"), undefined);
}

/** What every page of the bundle shows. */
async function assertShown(page: Page): Promise<void> {
  await page.waitForSelector(".still [data-node=server]");
  assertEquals(await page.locator("h1").innerText(), TEST_NAME);
  const error = await page.getByRole("region", { name: "Error" }).innerText();
  assertStringIncludes(error, "AssertionError: Values are not equal: no answer from the server");
  assertStringIncludes(error, '<b onclick="window.hacked=1">bold</b>');
  const marked = page.locator(".source-line.marked");
  assertStringIncludes(await marked.innerText(), "assertEquals(code, 0, `no answer");
  const frame = (foreign: boolean) => page.locator(`[data-foreign=${foreign}]`).first().innerText();
  assertStringIncludes(await frame(true), "lib/std/assert.ts");
  assertStringIncludes(await frame(false), "failure_kit.ts");
  await page.waitForSelector(".still [data-link='device server/eth0'][data-tone=down]");
  assertStringIncludes(await page.locator("[data-program]").innerText(), "sleep 100");
  assertStringIncludes(await page.locator("[data-fault]").innerText(), "server eth0");
  const last = await page.getByRole("grid", { name: "Last events" }).innerText();
  assert(/fault-injected[^]*command-ended[^]*met[^]*test-failed/.test(last), last);
  const facts = await page.getByRole("region", { name: "Facts" }).innerText();
  assert(/Seed\s+42/.test(facts), facts);
  assertStringIncludes(facts, "netyard replay ");
}

browserTest(
  "a bundle is listed as failed, and opens with why it failed",
  () =>
    inPage(async (page, bundle) => {
      await page.waitForSelector(`[data-run='${bundle}'] [data-status=failed]`);
      assertEquals(await page.locator("[data-run]").count(), 2);
      await page.locator(`[data-run='${bundle}']`).click();
      await until(page, "location.hash.endsWith('/errors')");
      await assertShown(page);

      // What differs from the run that passed: the fault, and its result.
      await page.waitForSelector("[data-parting=server]");
      assertEquals(await page.locator("[data-passed]").getAttribute("data-passed"), "passed");
      const [first] = await page.locator("[data-parting]").allInnerTexts();
      assert(/^server[^]*nothing more[^]*eth0 is down/.test(first), first);

      // From an event to the list of events, and back.
      await page.locator("[data-event]", { hasText: "fault-injected" }).click();
      await page.waitForSelector("aside[aria-label=Event]");
      assertStringIncludes(await page.locator("aside").innerText(), "fault f1 injected");
      await page.goBack();
      await page.waitForSelector(".still");
      await page.locator(".card-head").getByRole("link", { name: "Timeline" }).click();
      await page.waitForSelector("[data-lane=server]");
      assert(page.url().includes("t="), page.url());
    }),
);

browserTest("a run without an error says so", () =>
  inPage(async (page) => {
    await until(page, "document.body.innerText.includes('No error is recorded')");
    assertEquals(await page.locator(".tab-mark").count(), 0);
  }, "#/run/passed/errors"));

browserTest(
  "two runs are compared: facts, results, and where the events of each node part",
  () =>
    inPage(async (page, bundle) => {
      await page.waitForSelector("[data-run=passed]");
      await page.getByRole("button", { name: "Compare" }).click();
      await page.locator(`[data-run='${bundle}']`).click();
      await page.locator("[data-run=passed][aria-pressed=false]").click();
      await page.waitForSelector("[data-parting=server]");
      // The older one is the first, in whatever order they were chosen.
      assertStringIncludes(page.url(), `#/compare/passed/${encodeURIComponent(bundle)}`);
      assertStringIncludes(await page.locator("[data-compared=A]").innerText(), "closed");
      assertStringIncludes(await page.locator("[data-compared=B]").innerText(), "failed");
      assertStringIncludes(await page.locator("[data-fact=error]").innerText(), "AssertionError");
      await page.locator("[data-parting=server] a").click();
      await page.waitForSelector("aside[aria-label=Event]");
      assertStringIncludes(await page.locator("aside h2").innerText(), "link-down");
    }),
);

browserTest("a comparison with a run that is not there says so", async () => {
  const { root } = await failures();
  await using server = serveRuns({ root, bind: "127.0.0.1:0" });
  await using opened = await openPage(`${server.url}#/compare/passed/none`);
  await until(opened.page, "document.body.innerText.includes('cannot be compared')");
});

browserTest("no page of a bundle is wider than a narrow window", async () => {
  const { root, bundle } = await failures();
  const id = encodeURIComponent(bundle.slice(root.length + 1));
  for (const hash of ["", `#/run/${id}/errors`, `#/compare/passed/${id}`]) {
    await inPage(
      async (page) => {
        await page.waitForSelector("[data-run], [data-parting]");
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        assertEquals(overflow, 0, hash);
      },
      hash,
      { width: 400, dark: true },
    );
  }
});

browserTest(
  "a bundle from its zip file is one static file that opens with why it failed",
  async () => {
    const { root, bundle } = await failures();
    const file = `${root}/out.html`;
    const { code, stderr } = await called(COMMANDS, "show", `${bundle}.zip`, "--html", file);
    assertEquals([code, stderr], [0, ""]);
    await using opened = await openPage(`file://${file}`);
    const { page, faults } = opened;
    await until(page, "location.hash === '#/run/./errors'");
    await assertShown(page);
    await until(page, "document.body.innerText.includes('No run of the same that passed is kept')");
    await page.keyboard.press("4");
    await page.locator("[data-log='server/stdout']").click();
    await until(page, "document.body.innerText.includes('listening')");
    await page.keyboard.press("0");
    await page.waitForSelector("[data-run='.'] [data-status=failed]");
    assertEquals(faults, []);
    assertEquals(await page.evaluate("window.hacked"), undefined);
  },
);
