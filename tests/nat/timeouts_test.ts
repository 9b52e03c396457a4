import { assertEquals } from "@std/assert";
import { Lab, type Nat, type Router } from "@netyard/netyard";
import { natSysctls, resolveNat } from "../../lib/nat/mod.ts";
import { attach, servers } from "./net.ts";
import { scene } from "./scene.ts";
import { arrivals, Udp } from "./udp.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const SECOND = { udpSecs: 1, udpStreamSecs: 1 };

Deno.test("a mapping that was idle for its timeout no longer lets strangers in", async () => {
  await scene({ filtering: "endpoint-independent", timeouts: SECOND }, async (scene) => {
    const { laptop, stranger, reflector } = scene;
    const mapping = await laptop.seenBy(reflector);
    await stranger.send("in time", mapping);
    assertEquals((await laptop.next())?.text, "in time");

    await pause(1500);
    const late = () => stranger.send("too late", mapping);
    const ask = () => laptop.send("?", reflector.address);
    assertEquals(await arrivals(laptop, late, ask), [`${mapping.ip}:${mapping.port}`]);
  });
});

Deno.test("a reply after the timeout is dropped", async () => {
  await scene({ timeouts: SECOND }, async ({ laptop, server, reflector }) => {
    await using slow = await Udp.open(server, 5000);
    const mapping = await laptop.seenBy(reflector);
    await laptop.send("hello", { ip: server.ip!, port: 5000 });
    await slow.next();
    await slow.send("in time", mapping);
    assertEquals((await laptop.next())?.text, "in time");

    await pause(1500);
    const late = () => slow.send("too late", mapping);
    const ask = () => laptop.send("?", reflector.address);
    assertEquals(await arrivals(laptop, late, ask), [`${mapping.ip}:${mapping.port}`]);
  });
});

// laptop - router - IX - dc - server
Deno.test("an idle TCP connection is forgotten after its timeout, and later packets are dropped", async () => {
  await using lab = await Lab.create({ label: "tcp-timeout" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { nat: { timeouts: { tcpEstablishedSecs: 1 } } });
  const laptop = await attach(lab, "laptop", router);
  using listener = server.runSync(() => Deno.listen({ port: 80 }));
  const accepted = listener.accept();
  const hostname = server.ip!;
  using near = await laptop.runSync(() => Deno.connect({ hostname, port: 80 }));
  using far = await accepted;
  const read = async () => {
    const buffer = new Uint8Array(64);
    return new TextDecoder().decode(buffer.subarray(0, await near.read(buffer) ?? 0));
  };
  await far.write(new TextEncoder().encode("in time"));
  assertEquals(await read(), "in time");

  await pause(1500);
  const reading = read();
  await far.write(new TextEncoder().encode("too late"));
  assertEquals(await Promise.race([reading, pause(300).then(() => "nothing")]), "nothing");
  // From inside, the connection continues: conntrack picks it up again, with the same port.
  await near.write(new TextEncoder().encode("are you there?"));
  assertEquals(await reading, "too late");
});

/** The timeouts of a router's conntrack, in the order of the names. */
async function sysctls(router: Router, ...names: string[]): Promise<number[]> {
  const args = ["-n", ...names.map((name) => `net.netfilter.nf_conntrack_${name}`)];
  const { stdout } = await router.command("sysctl", { args }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
}

const LONG = ["udp_timeout", "udp_timeout_stream", "tcp_timeout_established"];
const TRANSITORY = ["syn_sent", "syn_recv", "fin_wait", "close_wait", "last_ack", "time_wait"]
  .map((state) => `tcp_timeout_${state}`).concat("tcp_timeout_close");
const LINUX_TRANSITORY = [120, 60, 120, 60, 30, 120, 10];

// router - IX
Deno.test("a NAT's timeouts are those of the router's conntrack", async () => {
  await using lab = await Lab.create({ label: "sysctls" });
  const timeouts = {
    udpSecs: 11,
    udpStreamSecs: 22,
    tcpEstablishedSecs: 333,
    tcpTransitorySecs: 4,
  };
  const router = await lab.addRouter("router", { nat: { timeouts } });
  assertEquals(await sysctls(router, ...LONG), [11, 22, 333]);
  assertEquals(await sysctls(router, ...TRANSITORY), [4, 4, 4, 4, 4, 4, 4]);

  const wanted: [Nat, number[], number[]?][] = [
    ["home", [30, 300, 7440]],
    ["corporate", [30, 120, 7440]],
    ["cloud-nat", [350, 350, 350]],
    ["cgnat", [30, 300, 7440]],
    ["full-cone", [30, 300, 7440]],
    [{ timeouts: { udpSecs: 5 } }, [5, 300, 7440]],
    [{ timeouts: { tcpTransitorySecs: 240 } }, [30, 300, 7440], [
      ...[240, 240, 240, 240, 240, 240],
      10,
    ]],
    ["none", [30, 120, 432_000]],
  ];
  for (const [nat, seconds, transitory = LINUX_TRANSITORY] of wanted) {
    await router.setNat(nat);
    assertEquals(await sysctls(router, ...LONG), seconds, JSON.stringify(nat));
    assertEquals(await sysctls(router, ...TRANSITORY), transitory, JSON.stringify(nat));
  }
});

// one router for each NAT - IX
Deno.test("a fresh router sets only the timeouts that differ from those of Linux, and has them all", async () => {
  const told = natSysctls(resolveNat("corporate"), true);
  assertEquals(told, { "net.netfilter.nf_conntrack_tcp_timeout_established": 7440 });
  await using lab = await Lab.create({ label: "sysctls-fresh" });
  const corporate = await lab.addRouter("corporate", { nat: "corporate" });
  assertEquals(await sysctls(corporate, ...LONG), [30, 120, 7440]);
  assertEquals(await sysctls(corporate, ...TRANSITORY), LINUX_TRANSITORY);
});
