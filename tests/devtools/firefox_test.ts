// The page in Firefox: a bundle as one static file. Ignored where there is no Firefox, which `deno task setup`
// does not install, since it is large: apt-get install firefox-esr.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { staticPage } from "../../lib/devtools/server/static_page.ts";
import { inDirectory } from "../cli/kit.ts";
import { FIREFOX, openFirefox } from "./firefox_kit.ts";
import { write, writeBundleFiles } from "./server_kit.ts";

const FIXTURE = new URL("../fixtures/run-v1/", import.meta.url);

Deno.test({
  name: "Firefox shows a bundle from one static file: each view, and nothing goes wrong",
  ignore: !FIREFOX,
  fn: () =>
    inDirectory(async (root) => {
      await writeBundleFiles(`${root}/b`);
      const events = await Deno.readTextFile(new URL("events.jsonl", FIXTURE));
      await write(root, { "b/run/events.jsonl": events });
      await Deno.writeTextFile(`${root}/out.html`, await staticPage(`${root}/b`));
      await using page = await openFirefox();
      await page.goto(`file://${root}/out.html`);
      await page.until("location.hash === '#/run/./errors'");
      await page.until("document.querySelector('.still [data-node]') !== null");
      const text = await page.evaluate("document.body.innerText") as string;
      assertStringIncludes(text, "peers meet");
      assertStringIncludes(text, "AssertionError: Values are not equal");
      for (
        const [view, selector] of [
          ["topology", "[data-node]"],
          ["timeline", "[data-lane]"],
          ["events", "[data-event]"],
          ["logs", "[data-log]"],
        ]
      ) {
        await page.evaluate(`location.hash = '#/run/./${view}', 0`);
        await page.until(`document.querySelector(".view:not(:has(.page)) ${selector}") !== null`);
        const wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assertEquals(await page.evaluate(wide), 0, view);
      }
      assertEquals(page.faults, []);
    }),
});
