import { assert, assertEquals, assertMatch } from "@std/assert";
import { NetemSharedRate } from "../../lib/netem/shared_rate.ts";
import { runTc } from "../../lib/netem/tc.ts";
import {
  shareCommand,
  sharedRateCommands,
  unshareCommand,
} from "../../lib/netem/shared_rate_plan.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { addBridge, addVeth, addVethHere, setLink } from "../../native/netlink/link.ts";

Deno.test("a shared rate is a token bucket of a device that all packets pass", () => {
  assertEquals(sharedRateCommands("share0", 10_000), [
    "qdisc replace dev share0 root handle 1: tbf rate 10000kbit burst 5000 limit 500000",
  ]);
  assertEquals(sharedRateCommands("share0", 1), [
    "qdisc replace dev share0 root handle 1: tbf rate 1kbit burst 1522 limit 48704",
  ]);
});

Deno.test("packets that arrive by a port, or leave by the bridge, pass the device", () => {
  const all = "bpf bytecode '1,6 0 0 4294967295,' action mirred egress redirect dev share0";
  assertEquals(
    shareCommand("a", "ingress", "share0"),
    `filter replace dev a ingress protocol all prio 3 handle 1 ${all}`,
  );
  assertEquals(unshareCommand("lan", "egress"), "filter del dev lan egress protocol all prio 3");
});

Deno.test("the kernel accepts the device, its rate, and the ends that share it", () => {
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

const mac = (last: number) => Uint8Array.of(2, 0, 0, 0, 0, last);

/** Three namespaces on a bridge in a fourth. */
function onBridge() {
  const middle = Namespace.create();
  const ends = [1, 2, 3].map(() => Namespace.create());
  middle.rtnetlink((batch) => {
    addBridge(batch, { name: "lan", index: 9, mac: mac(9), mtu: 1500 });
    ends.forEach(({ fd: namespaceFd }, i) => {
      const port = { name: `port${i}`, index: 10 + i, mac: mac(0x20 + i), mtu: 1500, master: 9 };
      const far = { name: "eth0", index: 2, mac: mac(i + 1), mtu: 1500, namespaceFd };
      addVeth(batch, port, far);
    });
  });
  ends.forEach((end, i) =>
    end.rtnetlink((batch) => {
      setLink(batch, 2, { up: true });
      addAddress(batch, 2, Uint8Array.of(10, 0, 0, i + 1), 24);
    })
  );
  return { middle, ends };
}

/** The rate of two senders together to the third of some namespaces, in Mbit/s. */
async function together(ends: Namespace[]): Promise<number> {
  const hostname = "10.0.0.3";
  const listener = ends[2].enter(() => Deno.listen({ hostname, port: 0 }));
  const { port } = listener.addr as Deno.NetAddr;
  let bytes = 0;
  const connections: Deno.Conn[] = [];
  const work: Promise<void>[] = [];
  for (const end of ends.slice(0, 2)) {
    const [sender, receiver] = await Promise.all([
      end.enter(() => Deno.connect({ hostname, port })),
      listener.accept(),
    ]);
    connections.push(sender, receiver);
    const write = async () => {
      for (;;) await sender.write(new Uint8Array(65536));
    };
    const read = async () => {
      const buffer = new Uint8Array(65536);
      for (let n; (n = await receiver.read(buffer)) !== null;) bytes += n;
    };
    work.push(write().catch(() => {}), read().catch(() => {}));
  }
  await new Promise((done) => setTimeout(done, 300)); // The queue is full by then.
  const [from, start] = [bytes, performance.now()];
  await new Promise((done) => setTimeout(done, 1000));
  const rate = (bytes - from) * 8 / (performance.now() - start) / 1000;
  for (const connection of [...connections, listener]) connection.close();
  await Promise.all(work);
  return rate;
}

/** Checks that rate. A busy host may leave too little time for it, for a while, but adds nothing. */
async function reaches(ends: Namespace[], least: number, most: number): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const rate = await together(ends);
    assert(rate < most, `${rate} Mbit/s, not ${most} at most`);
    if (rate > least) return;
    assert(attempt < 5, `${rate} Mbit/s, not ${least} at least`);
  }
}

Deno.test("packets that arrive by the ports of a bridge share the rate, and continue on their path", async () => {
  const { middle, ends } = onBridge();
  try {
    const shared = new NetemSharedRate(20_000, { namespace: middle, label: "bridge lan" }, runTc);
    const end = (i: number) => ({
      namespace: ends[i],
      index: 2,
      name: "eth0",
      label: `${i}`,
      far: `port${i}`,
    });
    for (const i of [0, 1, 2]) shared.join(end(i));
    await reaches(ends, 14, 21);
    for (const i of [0, 1, 2]) shared.leave(end(i));
    shared.remove();
    await reaches(ends, 100, Infinity);
  } finally {
    for (const namespace of [middle, ...ends]) namespace.close();
  }
});
