import { embedV4InNat64, Lab, type Node, type Router } from "@netyard/netyard";
import { hasIperf, iperf, piped, type Place } from "./iperf.ts";
import { formatTable, median, times } from "./stats.ts";

const SECONDS = 2;
const ROUNDS = 5;
/** Tayga refuses addresses that are not global in 64:ff9b::/96 (RFC 6052, 3.1), as a lab's are. */
const TAYGA_PREFIX = "2001:db8:64::/96";

const TAYGA_CONF = `
tun-device tayga
ipv4-addr 192.168.255.1
ipv6-addr 2001:db8:65::1
prefix ${TAYGA_PREFIX}
dynamic-pool 192.168.255.0/24
`;

/** What one way to the server does. */
interface Way {
  from: Place;
  to: string;
  tcpDown: number[];
  tcpUp: number[];
  packets: number[];
}

/** Prints what goes through NAT64 beside what goes through tayga in the same place. */
export async function benchNat64(): Promise<void> {
  if (!hasIperf()) return;
  if (!hasTayga()) return;
  await using lab = await Lab.create({ label: "bench" });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  // With a NAT for all of IPv4, so that it is the same for the pools of both.
  const carrier = { preset: "isp-v6", nat: "home" } as const;
  const ours = await lab.addRouter("ours", carrier);
  const theirs = await lab.addRouter("theirs", carrier);
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: ours } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: theirs } } });
  await using _tayga = await startTayga(theirs);
  const way = (device: Node, to: string): Way => ({
    from: at(device),
    to,
    tcpDown: [],
    tcpUp: [],
    packets: [],
  });
  const ip = server.ip ?? "";
  const ways = [way(a, embedV4InNat64(ip)), way(b, embedV4InNat64(ip, TAYGA_PREFIX))];
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of ways) await measure(one, at(server));
  }
  const row = (what: string, of: (way: Way) => number[], digits: number) => {
    const [we, they] = ways.map((one) => median(of(one)));
    return [what, we.toFixed(digits), they.toFixed(digits), times(we, they)];
  };
  const rows = [
    [`NAT64, median of ${ROUNDS}`, "Netyard", "tayga", "ratio"],
    row("TCP to the server, Gbit/s", (w) => w.tcpUp, 2),
    row("TCP from the server, Gbit/s", (w) => w.tcpDown, 2),
    row("UDP of 64 bytes, 1000 packets/s", (w) => w.packets, 1),
  ];
  console.log(`${formatTable(rows)}\n`);
}

async function measure(way: Way, server: Place): Promise<void> {
  const tcp = ["-6", "-t", `${SECONDS}`, "-O", "1"];
  const up = await iperf(way.from, server, way.to, tcp);
  way.tcpUp.push(up.sum_received.bits_per_second / 1e9);
  const down = await iperf(way.from, server, way.to, [...tcp, "-R"]);
  way.tcpDown.push(down.sum_received.bits_per_second / 1e9);
  const { sum } = await iperf(way.from, server, way.to, [
    ...["-6", "-u", "-b", "0", "-l", "64", "-t", `${SECONDS}`],
  ]);
  way.packets.push((sum.packets - sum.lost_packets) / SECONDS / 1e3);
}

const at = (node: Node): Place => (program, args) => node.command(program, piped(args)).spawn();

function hasTayga(): boolean {
  try {
    new Deno.Command("tayga", { args: ["--help"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    console.log("NAT64: not measured, tayga is not installed\n");
    return false;
  }
}

/** Puts tayga where a router's own translator is; its NAT of IPv4 stays. */
async function startTayga(router: Router): Promise<AsyncDisposable> {
  const directory = await Deno.makeTempDir({ prefix: "netyard-bench-" });
  const file = `${directory}/tayga.conf`;
  await Deno.writeTextFile(file, `${TAYGA_CONF}data-dir ${directory}\n`);
  const sh = (line: string) => {
    const { success, stderr } = router.command("sh", { args: ["-ec", line] }).outputSync();
    if (!success) throw new Error(`${line}: ${new TextDecoder().decode(stderr)}`);
  };
  sh(`ip link del nat64; tayga -c ${file} --mktun; ip link set tayga up`);
  sh(`ip route add 192.168.255.0/24 dev tayga; ip route add ${TAYGA_PREFIX} dev tayga`);
  const options: Deno.CommandOptions = { args: ["-c", file, "-d"], stdout: "null", stderr: "null" };
  const process = router.command("tayga", options).spawn();
  return {
    async [Symbol.asyncDispose]() {
      process.kill();
      await process.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}
