import { assertEquals } from "@std/assert";
import { findingText, oddWords } from "./plain_words.ts";

Deno.test("an odd turn of phrase is found with its line and what to write", () => {
  const text = "/** Closes the lab. */\n// Closing twice is as once.\n/** Who asks. */";
  assertEquals(oddWords("lib/a.ts", text).map(findingText), [
    'lib/a.ts:2: "twice is as once": write idempotent',
    'lib/a.ts:3: "/** Who": write a verb or a noun first',
  ]);
});

Deno.test("plain prose is left alone", () => {
  const text = `
    /** Removes a node. Idempotent. @throws if there is none of that name. */
    const message = "the key exchange failed; nobody answered";
    /** Returns whether the fault is active, and who reported it. */
  `;
  assertEquals(oddWords("lib/a.ts", text), []);
});
