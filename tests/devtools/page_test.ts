import { assert, assertEquals } from "@std/assert";
import { PAGE } from "../../lib/devtools/page/page.ts";
import { pageWith } from "../../lib/devtools/server/page.ts";
import { buildPage } from "../tools/build_page.ts";

Deno.test({
  name: "the page that is checked in is built from the sources; `deno task page` builds it",
  // esbuild keeps its process until it is stopped.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const built = await buildPage();
    // Not assertEquals: the difference of two such lines says nothing.
    assert(built === PAGE, "the page is not that of lib/devtools/ui; run: deno task page");
  },
});

Deno.test("the page has all that it needs, and nothing of zod", () => {
  assertEquals([...PAGE.matchAll(/<script[ >]/g)].length, 2);
  assertEquals(/https?:\/\/(?!www\.w3\.org\/)/.exec(PAGE)?.[0], undefined);
  assert(!PAGE.includes("ZodError"));
  assert(PAGE.length < 400_000, `${PAGE.length} characters`);
});

Deno.test("data in the page ends no element, and the page connects to nothing then", () => {
  const { html } = pageWith("QUJD/+==");
  assert(html.includes('<script id="netyard-data" type="text/plain">QUJD/+==</script>'));
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1];
  assert(policy.includes("connect-src 'none'"), policy);
  assert(policy.includes("script-src 'sha256-"), policy);
});
