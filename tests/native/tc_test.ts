import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Namespace, SyscallError } from "@netyard/netyard";
import { MessageWriter } from "../../native/netlink/codec.ts";
import { addBridge, setCarrier } from "../../native/netlink/link.ts";
import {
  addClsact,
  deleteRedirect,
  redirectAllButMark,
  setNoQueue,
} from "../../native/netlink/tc.ts";
import { macBytes } from "../../lib/address/mod.ts";

/** A request as hexadecimal words. */
function words(write: (batch: MessageWriter) => void): string {
  const batch = new MessageWriter();
  write(batch);
  return batch.finish().toHex().replace(/.{8}/g, "$& ").trim();
}
/** Words without the comments between them. */
const text = (...parts: string[]) => parts.join(" ");

Deno.test("requests for traffic control are written as tc(8) writes them", () => {
  const link = "14000000";
  const header = (length: string, type: string) => `${length} ${type} 01000000 00000000`;
  assertEquals(
    words((batch) => addClsact(batch, 20)),
    // EXCL, CREATE, ACK; clsact has handle ffff: and parent ffff:fff1.
    text(
      header("30000000", "24000506"),
      `00000000 ${link} 0000ffff f1ffffff 00000000`,
      "0b000100 636c7361 63740000",
    ),
  );
  assertEquals(
    words((batch) => deleteRedirect(batch, 20)),
    text(
      header("2c000000", "2d000500"),
      `00000000 ${link} 7974656e f3ffffff 00030100`,
      "08000100 62706600",
    ),
  );
  assertEquals(
    words((batch) => setNoQueue(batch, 20)),
    text(
      header("30000000", "24000505"),
      `00000000 ${link} 00000000 ffffffff 00000000`,
      "0c000100 6e6f7175 65756500",
    ),
  );
  assertEquals(
    words((batch) => setCarrier(batch, 20, 4_096)),
    // Up and without ARP; MTU 68; a queue of 4,096.
    text(
      header("30000000", "10000500"),
      `00000000 ${link} 81000000 81000000`,
      "08000400 44000000 08000d00 00100000",
    ),
  );
  assertEquals(
    words((batch) => redirectAllButMark(batch, 20, 21, 0x6e657479)),
    text(
      header("94000000", "2c000506"),
      // Egress of clsact; priority 1, all protocols.
      `00000000 ${link} 7974656e f3ffffff 00030100`,
      "08000100 62706600 68000280",
      // mirred: stolen, egress redirect, to link 21.
      "38000180 34000180 0b000100 6d697272 65640000 24000280 20000200",
      "00000000 00000000 04000000 00000000 00000000 01000000 15000000",
      // Four instructions: load the mark; if it is equal, 0; else -1.
      "06000400 04000000 24000500",
      "20000000 14f0ffff 15000001 7974656e 06000000 00000000 06000000 ffffffff",
    ),
  );
});

Deno.test("the kernel accepts them, shows them as intended, and deletes them", () => {
  using namespace = Namespace.create();
  const link = (name: string, index: number, last: string) => ({
    name,
    index,
    mac: macBytes(`02:00:00:00:00:${last}`),
    mtu: 1500,
  });
  namespace.rtnetlink((batch) => {
    addBridge(batch, link("from", 20, "14"));
    addBridge(batch, link("to", 21, "15"));
    setNoQueue(batch, 21);
    addClsact(batch, 20);
    redirectAllButMark(batch, 20, 21, 7);
  });
  const tc = (...args: string[]) => {
    const { stdout } = namespace.enter(() => new Deno.Command("tc", { args }).outputSync());
    return new TextDecoder().decode(stdout);
  };
  const shown = tc("filter", "show", "dev", "from", "egress");
  assertStringIncludes(shown, "protocol all pref 1 bpf");
  assertStringIncludes(shown, "4,32 0 0 4294963220,21 0 1 7,6 0 0 0,6 0 0 4294967295");
  assertStringIncludes(shown, "Egress Redirect to device to");
  namespace.rtnetlink((batch) => deleteRedirect(batch, 20));
  assertEquals(tc("filter", "show", "dev", "from", "egress"), "");
  assertStringIncludes(tc("qdisc", "show", "dev", "from"), "clsact");
  const again = assertThrows(
    () => namespace.rtnetlink((batch) => addClsact(batch, 20)),
    SyscallError,
  );
  assertEquals([again.code, again.args], ["EEXIST", ["add clsact to link 20"]]);
});
