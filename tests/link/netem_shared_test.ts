import { assert, assertEquals, assertMatch } from "@std/assert";
import { NetemSharedRate } from "../../lib/host/netem_shared_rate.ts";
import { runTc } from "../../lib/host/tc.ts";
import { shareCommand, sharedRateCommands, unshareCommand } from "../../lib/link/netem_shared.ts";
import { Namespace } from "../../native/namespace.ts";
import { addVethHere, setLink } from "../../native/netlink/link.ts";

Deno.test("a shared rate is a bucket of a device that all packets go through", () => {
  assertEquals(sharedRateCommands("share0", 10_000), [
    "qdisc replace dev share0 root handle 1: tbf rate 10000kbit burst 5000 limit 500000",
  ]);
  assertEquals(sharedRateCommands("share0", 1), [
    "qdisc replace dev share0 root handle 1: tbf rate 1kbit burst 1522 limit 48704",
  ]);
});

Deno.test("what comes in by a port, or leaves by the bridge, goes through the device", () => {
  const all = "bpf bytecode '1,6 0 0 4294967295,' action mirred egress redirect dev share0";
  assertEquals(
    shareCommand("a", "ingress", "share0"),
    `filter replace dev a ingress protocol all prio 3 handle 1 ${all}`,
  );
  assertEquals(unshareCommand("lan", "egress"), "filter del dev lan egress protocol all prio 3");
});

Deno.test("the kernel takes the device, its rate, and who shares it", () => {
  using namespace = Namespace.create();
  namespace.rtnetlink((batch) => {
    addVethHere(batch, { name: "a", index: 10 }, { name: "b", index: 11 }, 1500);
    setLink(batch, 10, { up: true });
    setLink(batch, 11, { up: true });
  });
  const tc = (...args: string[]) => runTc(namespace, args).stdout;
  const shared = new NetemSharedRate(10_000, { namespace, label: "bridge lan" }, runTc);
  const device = /dev (share\d+)/.exec(tc("qdisc", "show"))?.[1];
  assert(device, "it has a device");
  assertMatch(tc("qdisc", "show", "dev", device), /tbf .* rate 10Mbit/);
  shared.change(2_000);
  assertMatch(tc("qdisc", "show", "dev", device), /tbf .* rate 2Mbit/);

  const end = { namespace, index: 1, name: "eth0", label: "a eth0 (up)", far: "a" };
  const own = { namespace, index: 11, name: "b", label: "lan (downlink)" };
  shared.join(end);
  shared.join(own);
  assertMatch(
    tc("filter", "show", "dev", "a", "ingress"),
    new RegExp(`Redirect to device ${device}`),
  );
  assertMatch(
    tc("filter", "show", "dev", "b", "egress"),
    new RegExp(`Redirect to device ${device}`),
  );
  shared.leave(end);
  shared.leave(own);
  assertEquals(tc("filter", "show", "dev", "a", "ingress"), "");
  assertEquals(tc("filter", "show", "dev", "b", "egress"), "");
  shared.remove();
  assertEquals(tc("qdisc", "show").includes(device), false);
});
