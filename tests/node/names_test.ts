import { assertEquals, assertRejects } from "@std/assert";
import { InvalidAddressError, InvalidNameError } from "@netyard/netyard";
import { labTest } from "@netyard/netyard/testing";
import type { Device } from "@netyard/netyard";

const getent = async (node: Device, name: string): Promise<string> =>
  (await node.$`getent ahosts ${name}`.noThrow().text()).split(/\s/)[0];

// The name that a thread of the node connects to, and what answers there.
const greet = (node: Device, hostname: string): Promise<string> =>
  node.run(async (hostname) => {
    using connection = await Deno.connect({ hostname, port: 80 });
    return await new Response(connection.readable).text();
  }, hostname);

// client, other -- dc -- server
labTest(
  "names are seen by commands and threads, also those that were there before",
  async (lab) => {
    const host = () => ["/etc/hosts", "/etc/resolv.conf"].map((f) => Deno.readTextFileSync(f));
    const before = host();
    const dc = await lab.addRouter("dc");
    const at = (name: string) => lab.addDevice(name, { interfaces: { eth0: { gateway: dc } } });
    const [client, other, server] = [await at("client"), await at("other"), await at("server")];
    const listener = server.runSync(() => Deno.listen({ hostname: "::", port: 80 }));
    const serving = (async () => {
      for await (const connection of listener) {
        await connection.write(new TextEncoder().encode("hello"));
        connection.close();
      }
    })();
    await client.run(() => 0); // The thread is there before the names are.
    const watching = client.command("sh", {
      args: ["-c", "read _; getent hosts later.test"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();

    await lab.dnsEntry("web.test", server.ip!);
    await lab.dnsEntry("later.test", server.ip!);
    await lab.dnsEntry("six.test", server.ip6!);
    assertEquals(await getent(client, "web.test"), server.ip);
    assertEquals(await greet(client, "web.test"), "hello");
    assertEquals(await greet(client, "six.test"), "hello");
    assertEquals(lab.resolve("web.test"), server.ip);
    assertEquals(lab.resolve("nobody.test"), undefined);

    const stdin = watching.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("\n"));
    await stdin.close();
    const { stdout } = await watching.output();
    assertEquals(new TextDecoder().decode(stdout).split(/\s/)[0], server.ip);

    await client.dnsEntry("web.test", "192.0.2.7");
    assertEquals(await getent(client, "web.test"), "192.0.2.7");
    assertEquals(await getent(other, "web.test"), server.ip);
    assertEquals(await getent(client, "nobody.test"), "");

    listener.close();
    await serving;
    assertEquals(host(), before);
  },
);

labTest("names and addresses that are none are refused", async (lab) => {
  await assertRejects(() => lab.dnsEntry("-bad", "192.0.2.1"), InvalidNameError, '"-bad"');
  await assertRejects(() => lab.dnsEntry("a b", "192.0.2.1"), InvalidNameError);
  await assertRejects(() => lab.dnsEntry("good.test", "1.2.3"), InvalidAddressError, "1.2.3");
  await assertRejects(() => lab.setNameserver("dns.test"), InvalidAddressError);
  assertEquals(lab.resolve("good.test"), undefined);
});
