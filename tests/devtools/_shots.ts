import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { openPage } from "./browser_kit.ts";
await using server = serveRuns({ root: "/tmp/pv/runs", bind: "127.0.0.1:0" });
const only = Deno.args[0];
for (const [width, height] of [[1280, 800], [400, 800]]) {
  for (const dark of [false, true]) {
    const name = `${width}${dark ? "-dark" : ""}`;
    if (only && only !== name) continue;
    await using o = await openPage(server.url + "#/run/punch/packets", { width, height, dark });
    const { page } = o;
    await page.waitForSelector("[data-packet]");
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/pv/list-${name}.png` });
    await page.goto(server.url + "#/run/punch/packets?filter=udp+port+4000+and+node+a");
    await page.waitForTimeout(500);
    await page.locator("[data-packet]").nth(3).click();
    await page.waitForTimeout(300);
    await page.locator("[data-field]").nth(3).click();
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/pv/packet-${name}.png` });
    await page.keyboard.press("l");
    await page.waitForSelector("[data-dot]");
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/pv/ladder-${name}.png` });
    await page.locator("[aria-label=Close]").click();
    await page.locator(".ladder-scroll").evaluate((e) => e.scrollTop = 1e6);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/pv/ladder2-${name}.png` });
    if (o.faults.length) console.log(name, o.faults);
  }
}
