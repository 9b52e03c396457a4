import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { Translators } from "../../lib/translation/mod.ts";
import { TRANSLATION_PROGRAM } from "../../lib/translation/translators.ts";
import { TranslationError } from "../../lib/translation/errors.ts";
import type { Nat64Spec } from "../../lib/translation/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { Breakable } from "../loop/breakable.ts";
import { dumpLinks, readLinkState } from "../../native/netlink/link.ts";

const SPEC: Nat64Spec = {
  kind: "nat64",
  pool: "169.254.0.0/17",
  prefix: "64:ff9b::/96",
  address4: "169.254.0.1",
  address6: "2001:db8::1",
};

const linksOf = (namespace: Namespace) =>
  namespace.rtnetlink(dumpLinks).map(readLinkState).map(({ name }) => name);

/** The place of a translator in a namespace. */
function place(namespace: Namespace, label: string) {
  return { namespace, name: "nat64", mtu: 1500, label };
}

for (const how of ["fail", "hang"] as const) {
  Deno.test(`when the thread of translators ${how}s, their links are deleted, and new ones can be made`, async () => {
    using a = namespace();
    using b = namespace();
    using threads = new Breakable(TRANSLATION_PROGRAM);
    const failures: { error: Error; labels: string[] }[] = [];
    const translators = new Translators((error, labels) => failures.push({ error, labels }));
    try {
      const one = translators.add(place(a.it, "one"), SPEC);
      translators.add(place(b.it, "two"), SPEC);
      await translators.ready();
      assert(linksOf(a.it).includes("nat64"));
      threads.break(how);
      await waitUntil(() => failures.length > 0, { what: "the failure", timeoutMs: 30_000 });
      assertEquals(failures[0].labels, ["one", "two"]);
      assert(failures[0].error instanceof TranslationError);
      assertStringIncludes(
        failures[0].error.message,
        how === "fail" ? "the test made it fail" : "did nothing",
      );
      assertEquals([linksOf(a.it), linksOf(b.it)], [["lo"], ["lo"]]);
      one.remove();
      assertEquals(one.counters().translated, 0);

      translators.add(place(a.it, "again"), SPEC);
      await translators.ready();
      assert(linksOf(a.it).includes("nat64"));
    } finally {
      await translators.close();
    }
    assertThrows(() => translators.add(place(a.it, "late"), SPEC), TranslationError, "is closed");
  });
}

Deno.test("a link that a program deleted affects no other translator", async () => {
  using a = namespace();
  using b = namespace();
  const translators = new Translators((error) => {
    throw error;
  });
  try {
    const [one, two] = [a, b].map(({ it }, i) => translators.add(place(it, `${i}`), SPEC));
    await translators.ready();
    assertThrows(
      () => translators.add(place(a.it, "second"), SPEC),
      TranslationError,
      'made a link called "nat64"',
    );
    a.it.enter(() => new Deno.Command("ip", { args: ["link", "del", "nat64"] }).outputSync());
    assertEquals([linksOf(a.it), linksOf(b.it)], [["lo"], ["lo", "nat64"]]);
    one.remove();
    await translators.ready();
    two.remove();
    await translators.ready();
    assertEquals(linksOf(b.it), ["lo"]);
  } finally {
    await translators.close();
  }
});

function namespace(): { it: Namespace } & Disposable {
  const it = Namespace.create();
  return { it, [Symbol.dispose]: () => it.close() };
}
