import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { embedV4InNat64, type Node } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";
import { Udp } from "../../nat/udp.ts";
import { ip as ipCommand } from "../kit.ts";
import { attached, fourServer, said } from "./nat64_scene.ts";

/** What a ping is told; `-M do` forbids fragments, `-t` sets the hop limit. */
async function ping(from: Node, to: string, ...args: string[]): Promise<string> {
  return (await said(from, "ping", "-6", "-n", "-c", "1", "-W", "2", ...args, to)).text;
}

// ix -- four(server), v4-only;  ix -- carrier(phone)
labTest("errors of IPv4 reach the phone as those of IPv6", async (lab) => {
  const { embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  const embed = embedV4InNat64;

  // The router, by its IPv6 and by its IPv4 address; then the IX, and the server's router.
  const hops = [carrier.downstreamGateway6!, embed(carrier.uplinkIp!), embed(lab.ix.ip!)];
  for (const [i, hop] of hops.entries()) {
    const text = await ping(phone, embedded, "-t", String(i + 1));
    assertStringIncludes(text, `From ${hop} icmp_seq=1 Time exceeded: Hop limit`);
  }
  const nowhere = await ping(phone, embedV4InNat64("203.0.113.200"));
  assertStringIncludes(nowhere, `From ${embed(lab.ix.ip!)} icmp_seq=1 Destination unreachable`);

  // Nobody listens: a datagram after the first is told what became of that.
  const send = "exec 3<>/dev/udp/$0/9; for i in {1..50}; do echo >&3; sleep 0.1; done";
  assertStringIncludes((await said(phone, "bash", "-ec", send, embedded)).text, "refused");
});

// ix -- narrow(server), with small packets;  ix -- carrier(phone)
labTest("the path's MTU is told across the two families", async (lab) => {
  const narrow = await lab.addRouter("narrow", { preset: "public-v4", mtu: 1400 });
  const { server, ip, embedded } = await fourServer(lab, "server", narrow);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  // The IPv6 header is longer by 20 bytes.
  assertMatch(await ping(phone, embedded, "-M", "do", "-s", "1452"), /mtu[ =:]+1420/);
  assertMatch(await ping(phone, embedded, "-M", "do", "-s", "1372"), /1 received/);

  for (const sender of ["phone", "server"]) {
    const size = 300_000;
    using listener = server.runSync(() => Deno.listen({ hostname: ip, port: 0 }));
    const { port } = listener.addr as Deno.NetAddr;
    const connecting = phone.runSync(() => Deno.connect({ hostname: embedded, port }));
    const [near, far] = await Promise.all([connecting, listener.accept()]);
    const [from, to] = sender === "phone" ? [near, far] : [far, near];
    const writing = (async () => {
      const writer = from.writable.getWriter();
      await writer.write(new Uint8Array(size));
      await writer.close();
    })();
    let received = 0;
    for await (const chunk of to.readable) received += chunk.length;
    await writing;
    assertEquals(received, size);
    for (const end of [near, far]) {
      try {
        end.close();
      } catch {
        // Its stream closed it.
      }
    }
  }
});

// ix -- four(server);  ix -- carrier(phone)
labTest("datagrams in fragments pass both ways, and a full packet learns its MTU", async (lab) => {
  const { server, ip, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  await using near = await Udp.open(phone, 0, "::");
  await using far = await Udp.open(server, 0, ip);
  for (const size of [3000, 9000]) {
    await near.send("x".repeat(size), { ip: embedded, port: far.port });
    const there = await far.next();
    assertEquals([there?.text.length, there?.from.ip], [size, carrier.uplinkIp]);
    await far.send("y".repeat(size), there!.from);
    assertEquals((await near.next())?.text.length, size);
  }
  // 1500 bytes of IPv4 are 1520 of IPv6: the server is told, and sends fragments from then on.
  await near.send("?", { ip: embedded, port: far.port });
  const { from } = (await far.next())!;
  await waitUntil(async () => {
    await far.send("z".repeat(1472), from);
    return (await near.next(200))?.text.length === 1472;
  }, { what: "a full packet to come through" });
  const [{ metrics }] = ipCommand(server, `route get ${carrier.uplinkIp}`);
  assertEquals(metrics?.[0]?.mtu, 1480);
});
