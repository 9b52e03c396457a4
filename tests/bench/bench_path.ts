import { Lab } from "@netyard/netyard";
import { ipBytes, macBytes } from "../../lib/address/mod.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { addVeth, setLink } from "../../native/netlink/link.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { formatTable, median } from "./stats.ts";

const SECONDS = 2;
const ROUNDS = 3;

/** Where a program is started: a node, or a bare namespace. */
type Place = (program: string, args: string[]) => Deno.ChildProcess;

const options = (args: string[]): Deno.CommandOptions => ({
  args,
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
});

/** One veth pair between two namespaces, and nothing else. */
function directPair(): { from: Place; to: Place; ip: string } & Disposable {
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
    ns.enter(() => new Deno.Command(program, options(args)).spawn());
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

async function gigabits(from: Place, to: Place, ip: string): Promise<number> {
  const server = to("iperf3", ["-s", "-1", "--forceflush"]);
  const output = server.stdout.getReader();
  // It says that it listens before it does anything else.
  for (let text = ""; !text.includes("listening");) {
    const { value, done } = await output.read();
    if (done) throw new Error("iperf3 -s ended at once");
    text += new TextDecoder().decode(value);
  }
  output.releaseLock();
  const drained = server.stdout.pipeTo(new WritableStream());
  const client = await from("iperf3", ["-c", ip, "-t", `${SECONDS}`, "-J"]).output();
  await Promise.all([drained, server.status, server.stderr.cancel()]);
  const result = JSON.parse(new TextDecoder().decode(client.stdout));
  return result.end.sum_received.bits_per_second / 1e9;
}

/** Prints TCP throughput through a home NAT beside that of one veth pair. */
export async function benchPath(): Promise<void> {
  try {
    new Deno.Command("iperf3", { args: ["--version"], stdout: "null" }).outputSync();
  } catch {
    return console.log("TCP throughput: not measured, iperf3 is not installed\n");
  }
  await using lab = await Lab.create({ label: "bench" });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const at = (node: typeof server): Place => (program, args) =>
    node.command(program, options(args)).spawn();
  using pair = directPair();
  const direct: number[] = [];
  const nat: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    direct.push(await gigabits(pair.from, pair.to, pair.ip));
    nat.push(await gigabits(at(laptop), at(server), server.ip ?? ""));
  }
  const [d, n] = [median(direct), median(nat)];
  const rows = [
    ["TCP, Gbit/s", "direct veth", "through the NAT", "ratio"],
    [`median of ${ROUNDS}`, d.toFixed(1), n.toFixed(1), (n / d).toFixed(2)],
  ];
  console.log(`${formatTable(rows)}\n`);
}
