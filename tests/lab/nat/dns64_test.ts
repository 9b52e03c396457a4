import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Dns64Error, type Node } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";
import { type Message, readMessage, writeMessage } from "../../../lib/dns64/messages.ts";
import { readFramed, writeFramed } from "../../../lib/dns64/stream.ts";
import { sh } from "../kit.ts";
import { attached, fourServer, page, said } from "./nat64_scene.ts";

/** What a resolver in a node is told by a name server. */
function resolve(node: Node, ipAddr: string, name: string, type: "A" | "AAAA" | "PTR") {
  return node.run(
    async (ipAddr, name, type) => {
      try {
        return await Deno.resolveDns(name, type as "A", { nameServer: { ipAddr, port: 53 } });
      } catch (error) {
        return [(error as Error).name];
      }
    },
    ipAddr,
    name,
    type,
  );
}

/** The zone of the name server that the tests set. */
const ZONE: Record<string, Record<string, string[]>> = {
  "only4.example": { A: ["198.51.100.7"] },
  "dual.example": { A: ["198.51.100.8"], AAAA: ["2001:db8:f::8"] },
};

function answer(bytes: Uint8Array): Uint8Array {
  const query = readMessage(bytes) as Message;
  const [{ name, type }] = query.questions!;
  const records = ZONE[name];
  return writeMessage({
    type: "response",
    id: query.id,
    flags: records ? 0 : 3,
    questions: query.questions,
    answers: (records?.[type] ?? []).map((data) => ({ type: type as "A", name, ttl: 9, data })),
  });
}

/** A name server in a node, by UDP and TCP. */
async function nameServer(node: Node, hostname: string): Promise<AsyncDisposable> {
  const { default: dgram } = await import("node:dgram");
  // deno-lint-ignore no-explicit-any -- the type of lookup
  const lookup = (ip: string, _: unknown, done: any) => done(null, ip, 4);
  const socket = node.runSync(() => {
    // deno-lint-ignore no-explicit-any -- as above
    const made = dgram.createSocket({ type: "udp4", lookup } as any);
    made.bind(53, hostname);
    return made;
  });
  socket.on("message", (data, { address, port }) => {
    socket.send(Buffer.from(answer(data)), port, address, () => {});
  });
  const listener = node.runSync(() => Deno.listen({ hostname, port: 53 }));
  const serving = (async () => {
    for await (const connection of listener) {
      const query = await readFramed(connection);
      if (query) await writeFramed(connection, answer(query));
      connection.close();
    }
  })().catch(() => {});
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await Promise.all([serving, new Promise<void>((done) => socket.close(() => done()))]);
    },
  };
}

// ix -- four(server), v4-only;  ix -- carrier(phone);  ix -- home(laptop), dual-stack
labTest("a device without IPv4 finds a server that has nothing else, by name", async (lab) => {
  const { server, ip, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const home = await lab.addRouter("home", { preset: "home" });
  const phone = await attached(lab, "phone", carrier);
  const laptop = await attached(lab, "laptop", home);
  await lab.dnsEntry("web.test", ip);
  await phone.dnsEntry("mine.test", ip);
  await using site = page(server, ip);
  for (const name of ["web.test", "mine.test"]) {
    const url = `http://${name}:${site.port}/`;
    const curl = await said(phone, "curl", "-6", "-sS", "--max-time", "5", url);
    assertEquals(curl, { success: true, text: carrier.uplinkIp });
    const any = await said(phone, "curl", "-sS", "--max-time", "5", url);
    assertEquals(any.text, carrier.uplinkIp);
  }
  const text = await phone.run(
    async (port) => await (await fetch(`http://web.test:${port}/`)).text(),
    site.port,
  );
  assertEquals(text, carrier.uplinkIp);

  const gateway = carrier.downstreamGateway6!;
  assertEquals(sh(phone, "cat /etc/resolv.conf").split("\n")[0], `nameserver ${gateway}`);
  assertEquals(await resolve(phone, gateway, "web.test", "AAAA"), [embedded]);
  assertEquals(await resolve(phone, gateway, "web.test", "A"), [ip]);
  assertEquals(await resolve(phone, gateway, "other.test", "AAAA"), ["NotFound"]);
  // Who has IPv4 is told nothing else than before.
  assert(!sh(laptop, "cat /etc/hosts").includes("64:ff9b"));
  assertStringIncludes(sh(laptop, "cat /etc/resolv.conf"), "# no nameserver");
});

// ix -- four(server), where the name server is;  ix -- carrier(phone, inner(tablet))
labTest("what the lab's entries do not answer, the lab's name server is asked", async (lab) => {
  const { server, ip } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const inner = await lab.addRouter("inner", { ipSupport: "v6-only", upstream: carrier });
  const phone = await attached(lab, "phone", carrier);
  const tablet = await attached(lab, "tablet", inner);
  await using _names = await nameServer(server, ip);
  await lab.setNameserver(ip);
  const gateway = carrier.downstreamGateway6!;
  for (const node of [phone, tablet]) {
    assertEquals(sh(node, "cat /etc/resolv.conf").split("\n")[0], `nameserver ${gateway}`);
    assertEquals(await resolve(node, gateway, "only4.example", "AAAA"), ["64:ff9b::c633:6407"]);
    assertEquals(await resolve(node, gateway, "only4.example", "A"), ["198.51.100.7"]);
    assertEquals(await resolve(node, gateway, "dual.example", "AAAA"), ["2001:db8:f::8"]);
    assertEquals(await resolve(node, gateway, "none.example", "AAAA"), ["NotFound"]);
    const getent = await said(node, "getent", "ahostsv6", "only4.example");
    assertStringIncludes(getent.text, "64:ff9b::c633:6407");
  }
  // By TCP.
  using connection = await phone.runSync(() => Deno.connect({ hostname: gateway, port: 53 }));
  const question = { name: "only4.example", type: "AAAA" as const };
  await writeFramed(connection, writeMessage({ type: "query", id: 5, questions: [question] }));
  const reply = readMessage((await readFramed(connection))!)!;
  // deno-lint-ignore no-explicit-any -- the shapes of records
  assertEquals([reply.id, (reply.answers as any)[0].data], [5, "64:ff9b::c633:6407"]);
});

// ix -- dc(server);  ix -- carrier(phone)
labTest(
  "the name server serves downstream clients alone, and stops with NAT64",
  async (lab) => {
    const dc = await lab.addRouter("dc");
    const server = await attached(lab, "server", dc);
    const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
    const phone = await attached(lab, "phone", carrier);
    await lab.dnsEntry("web.test", server.ip!);
    const ask = (node: Node, to: string) =>
      node.run(async (to) => {
        try {
          using connection = await Deno.connect({
            hostname: to,
            port: 53,
            signal: AbortSignal.timeout(2000),
          });
          const query = [0, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
          const name = [3, 119, 101, 98, 4, 116, 101, 115, 116, 0, 0, 28, 0, 1];
          await connection.write(new Uint8Array([0, 26, ...query, ...name]));
          return (await connection.read(new Uint8Array(512)) ?? 0) > 12;
        } catch {
          return false;
        }
      }, to);
    assertEquals(await ask(phone, carrier.downstreamGateway6!), true);
    assertEquals(await ask(server, carrier.uplinkIp6!), false);
    assertEquals(await ask(server, carrier.uplinkIp!), false);

    await carrier.setNatV6("none");
    assertStringIncludes(sh(phone, "cat /etc/resolv.conf"), "# no nameserver");
    assert(!sh(phone, "cat /etc/hosts").includes("64:ff9b"));
    await waitUntil(async () => !await ask(phone, carrier.downstreamGateway6!), {
      what: "the name server to be gone",
    });
    // The port is somebody else's now.
    using _taken = carrier.runSync(() => Deno.listen({ hostname: "::", port: 53 }));
    await assertRejects(() => carrier.setNatV6("nat64"), Dns64Error, "cannot listen on port 53");
    assertEquals([carrier.natV6, carrier.nat64Counters()], ["none", undefined]);
  },
);

// ix -- four(server);  ix -- carrier(phone), without a name server
labTest("a NAT64 can do without the name server", async (lab) => {
  const { ip, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6", dns64: false });
  const phone = await attached(lab, "phone", carrier);
  await lab.dnsEntry("web.test", ip);
  assertStringIncludes(sh(phone, "cat /etc/resolv.conf"), "# no nameserver");
  assertStringIncludes(sh(phone, "cat /etc/hosts"), `${embedded}\tweb.test`);
  using _mine = carrier.runSync(() => Deno.listen({ hostname: "::", port: 53 }));
});
