// The page while a lab runs, and with damaged and hostile files.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { browserTest, openPage, until } from "./browser_kit.ts";
import { emptyLab, event, served, write } from "./server_kit.ts";

browserTest("a page that is open while a lab runs follows it to its end", async () => {
  const root = await Deno.makeTempDir({ prefix: "netyard-live-" });
  try {
    await using server = serveRuns({ root, bind: "127.0.0.1:0" });
    await using opened = await openPage(server.url);
    const { page, faults } = opened;
    await until(page, "document.body.innerText.includes('No runs here yet')");
    await using lab = await Lab.create({ label: "live one", outDir: { exact: `${root}/live` } });
    await page.locator("[data-run=live]").click();
    const home = await lab.addRouter("home", { preset: "home" });
    await page.waitForSelector("[data-node=home]");
    const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
    await page.waitForSelector("[data-node=laptop]");
    await laptop.interface("eth0").linkDown();
    await page.waitForSelector("[data-link='device laptop/eth0'][data-tone=down]");
    assertEquals(await page.locator(".crumb [data-status]").getAttribute("data-status"), "running");

    await laptop.$`/bin/echo first line`.quiet();
    await page.keyboard.press("4");
    await page.locator("[data-log='laptop/stdout']").click();
    await until(page, "document.body.innerText.includes('first line')");
    await laptop.$`seq -f ${"line %g"} 1 300`.quiet();
    // It follows: the last line is in view.
    await until(page, "document.body.innerText.includes('line 300')");
    lab.emit("Done", { ok: true }, laptop);
    await page.keyboard.press("3");
    await until(page, "document.body.innerText.includes('Done')");
    await lab.close();
    await page.waitForSelector(".crumb [data-status=closed]");
    assertEquals(faults, []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

const HOSTILE =
  '"><img src=x onerror=window.hacked=1><script>window.hacked=1</script>\u202e\x1b[2J';

browserTest("hostile texts and damaged files are shown as what they are", async () => {
  const device = {
    name: HOSTILE,
    mtu: 1500,
    defaultInterface: "eth0",
    interfaces: [{ name: "eth0", gateway: HOSTILE, condition: { latencyMs: HOSTILE }, up: true }],
  };
  await using all = await served((root) =>
    write(root, {
      "evil/events.jsonl": event(0, { kind: "lab-created", label: HOSTILE }) +
        event(1, { kind: "device-added", name: HOSTILE, device }) +
        event(2, { kind: "command-started", node: HOSTILE, id: HOSTILE, argv: [HOSTILE] }) +
        event(3, { kind: "custom", node: "__proto__", name: HOSTILE, data: HOSTILE }) +
        event(3, { kind: "custom", node: HOSTILE, name: HOSTILE, data: { [HOSTILE]: HOSTILE } }) +
        event(4, { kind: "fault-injected", id: HOSTILE, fault: { kind: HOSTILE, node: HOSTILE } }) +
        `${HOSTILE}\n${JSON.stringify({ version: 99 })}\n` +
        `${"x".repeat(3 << 20)}\n` + event(5, { kind: "dns-entry", node: null }) + '{"version":1,',
      "evil/counters.jsonl": "[]\nnull\n{\n",
      "evil/nodes/n/stdout.log": `${HOSTILE}\n${"y".repeat(2 << 20)}\n` +
        `${
          JSON.stringify({ level: "INFO", timestamp: HOSTILE, fields: { message: HOSTILE } })
        }\nlast`,
      "empty/events.jsonl": "",
      "binary/events.jsonl": "\x00\xff\x00\n\x01",
    })
  );
  for (const id of ["evil", "empty", "binary"]) {
    await Deno.utime(`${all.root}/${id}/events.jsonl`, new Date(0), new Date(0));
  }
  await using opened = await openPage(all.server.url);
  const { page, faults } = opened;
  await page.waitForSelector("[data-run=evil]");
  assertStringIncludes(await page.locator("[data-run=evil]").innerText(), "<img src=x");
  for (const id of ["evil", "empty", "binary"]) {
    for (const view of ["topology", "timeline", "events", "logs"]) {
      await page.goto(`${all.server.url}#/run/${id}/${view}?node=${encodeURIComponent(HOSTILE)}`);
      await page.waitForSelector("[data-node], [data-lane], [data-event], [data-log], .empty h2");
      assert(!(await page.locator("body").innerText()).includes("cannot show"), `${id} ${view}`);
    }
  }
  await page.goto(`${all.server.url}#/run/evil/events`);
  await until(page, "document.querySelector('[data-count]').dataset.count === '11'");
  const text = await page.locator("[role=grid]").innerText();
  for (
    const problem of ["not JSON", "version 99", "bytes more than are read", "incomplete", "damaged"]
  ) {
    assertStringIncludes(text, problem);
  }
  await page.goto(`${all.server.url}#/run/evil/logs?node=n`);
  await until(page, "document.body.innerText.includes('last')");
  assertEquals(await page.locator("[data-line]").count(), 4);
  assertEquals(await page.evaluate("window.hacked"), undefined);
  assertEquals(await page.evaluate("document.querySelectorAll('img, main script').length"), 0);
  assertEquals(faults, []);
});

browserTest(
  "a folder that vanishes is said to be gone, and what was read of it stays",
  async () => {
    await using all = await served((root) =>
      write(root, { "a/events.jsonl": emptyLab("short", false) })
    );
    await using opened = await openPage(`${all.server.url}#/run/a/events`);
    await opened.page.waitForSelector("[data-event]");
    await Deno.remove(`${all.root}/a`, { recursive: true });
    await until(opened.page, "document.body.innerText.includes('not there any more')");
    assertEquals(await opened.page.locator("[data-event]").count(), 1);
  },
);
