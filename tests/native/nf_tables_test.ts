import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Namespace, SyscallError } from "@netyard/netyard";
import { nft } from "../../native/nftables.ts";
import { addEgressTable, deleteNetdevTables } from "../../native/netlink/nf_tables.ts";

Deno.test("a table that redirects is active at once, as nft(8) would write it, until it is deleted", async () => {
  using namespace = Namespace.create();
  const closed: Promise<void>[] = [];
  const add = (table: string, device: string) =>
    namespace.enter(() =>
      addEgressTable(table, { device, mark: 0x1234, target: 1 }, (over) => closed.push(over))
    );
  const rules = () => namespace.enter(() => nft("list ruleset\n"));
  add("one", "lo");
  add("two", "lo");
  const text = rules();
  assertStringIncludes(text, 'type filter hook egress device "lo" priority filter; policy accept;');
  assertStringIncludes(text, 'meta mark != 0x00001234 fwd to "lo"');
  assertEquals(text.match(/table netdev/g)?.length, 2);

  // No link has a name of 20 characters.
  const error = assertThrows(() => add("three", "x".repeat(20)), SyscallError);
  assertEquals(error.args, ["add table netdev three"]);
  assertEquals(rules(), text);

  const remove = (...tables: string[]) => namespace.enter(() => deleteNetdevTables(tables));
  const refused = await assertRejects(() => remove("one", "nothere"), SyscallError);
  assertEquals(refused.code, "ENOENT");
  assertEquals(rules(), text, "all or nothing");
  await remove("one", "two");
  assertEquals(rules(), "");
  await Promise.all(closed);
});
