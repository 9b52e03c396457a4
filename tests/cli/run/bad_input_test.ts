import { assertEquals } from "@std/assert";
import { ran } from "./bad_input/kit.ts";
import { refusalsOf } from "./bad_input/refusals.ts";

for (
  const [name, about] of [
    ["files", "files that are none, or no simulations"],
    ["tables", "topologies, matrices, and all else of a file but its steps"],
    ["steps", "steps"],
    ["binaries", "programs that are not there, or not told well"],
    ["options", "options"],
  ]
) {
  Deno.test(`netyard run refuses wrong files with the place and the reason, before anything starts: ${about}`, async (t) => {
    for (const { what, files, args, says } of await refusalsOf(name)) {
      await t.step(what, async () => {
        const { code, stdout, stderr, there } = await ran(files, args);
        assertEquals(stderr.replace(/ +$/gm, ""), says);
        assertEquals({ code, stdout, there }, { code: 2, stdout: "", there: ["here"] });
      });
    }
  });
}
