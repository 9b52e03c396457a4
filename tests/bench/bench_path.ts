import { Lab } from "@netyard/netyard";
import { ipBytes, macBytes } from "../../lib/address/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { addVeth, setLink } from "../../native/netlink/link.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { gigabits, hasIperf, piped, type Place } from "./iperf.ts";
import { formatTable, median } from "./stats.ts";

const SECONDS = 2;
const ROUNDS = 3;

/** One veth pair between two namespaces, and nothing else. */
export function directPair(): { from: Place; to: Place; ip: string } & Disposable {
  const [a, b] = [Namespace.create(), Namespace.create()];
  const ip = "192.0.2.2";
  const end = (n: number) => ({
    name: "direct",
    index: 2,
    mac: macBytes(`02:00:00:00:00:0${n}`),
    mtu: 1500,
  });
  a.enter(() =>
    rtnetlink((batch) => {
      addVeth(batch, end(1), { ...end(2), namespaceFd: b.fd });
      addAddress(batch, 2, ipBytes("192.0.2.1"), 24);
    })
  );
  b.enter(() =>
    rtnetlink((batch) => {
      setLink(batch, 2, { up: true });
      addAddress(batch, 2, ipBytes(ip), 24);
    })
  );
  const inside = (ns: Namespace): Place => (program, args) =>
    ns.enter(() => new Deno.Command(program, piped(args)).spawn());
  return {
    from: inside(a),
    to: inside(b),
    ip,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

/** Prints TCP throughput through a home NAT beside that of one veth pair. */
export async function benchPath(): Promise<void> {
  if (!hasIperf()) return;
  await using lab = await Lab.create({ label: "bench" });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const at = (node: typeof server): Place => (program, args) =>
    node.command(program, piped(args)).spawn();
  using pair = directPair();
  const direct: number[] = [];
  const nat: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    direct.push(await gigabits(pair.from, pair.to, pair.ip, SECONDS));
    nat.push(await gigabits(at(laptop), at(server), server.ip ?? "", SECONDS));
  }
  const [d, n] = [median(direct), median(nat)];
  const rows = [
    ["TCP, Gbit/s", "direct veth", "through the NAT", "ratio"],
    [`median of ${ROUNDS}`, d.toFixed(1), n.toFixed(1), (n / d).toFixed(2)],
  ];
  console.log(`${formatTable(rows)}\n`);
}
