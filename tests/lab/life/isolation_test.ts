import { assertEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { greet, links, pings, seenBy, sh, udp } from "../kit.ts";
import type { Report } from "./isolation_worker.ts";

/** ix -- home(server, client) */
async function site(n: number) {
  const lab = await Lab.create({ label: `lab ${n}`, seed: 1 });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: home } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: home } } });
  return { lab, home, server, client };
}

// ix -- home(server, client), twice
Deno.test("two labs with the same names and addresses never see each other", async () => {
  const [a, b] = [await site(1), await site(2)];
  try {
    const facts = ({ lab }: typeof a) =>
      [...lab.routers, ...lab.devices].map(({ name, interfaces }) => [
        name,
        interfaces.map(({ name, ip, ip6, mac }) => [name, ip, ip6, mac]),
      ]);
    assertEquals(facts(a), facts(b));
    assertEquals(links(a.home), links(b.home));

    // The same address and port, at the same time, in both.
    await using inA = udp(a.server, a.server.ip!, 5000);
    await using inB = udp(b.server, b.server.ip!, 5000);
    await using from = udp(a.client, a.client.ip!);
    for (let n = 0; n < 10; n++) await from.send(a.server.ip!, 5000);
    assertEquals(await inA.received(10), 10);
    assertEquals(inB.from, []);
    await using web = greet(b.server, b.server.ip!, 80);
    assertEquals(await seenBy(b.client, b.server.ip!, web.port), b.client.ip);
    const refused = await seenBy(a.client, a.server.ip!, 80).catch((error) => error);
    assertEquals(refused instanceof Deno.errors.ConnectionRefused, true);

    await a.lab.dnsEntry("here.test", a.server.ip!);
    assertEquals(sh(a.client, "getent hosts here.test || echo unknown").includes("here"), true);
    assertEquals(sh(b.client, "getent hosts here.test || echo unknown"), "unknown");
    await a.lab.remove(a.server);
    assertEquals(
      await Promise.all([pings(a.client, "10.0.1.2"), pings(b.client, "10.0.1.2")]),
      [false, true],
    );
    const stories = await Promise.all([a, b].map(async ({ lab }) => {
      await lab.close();
      return (await Array.fromAsync(lab.events())).map(({ kind }) => kind);
    }));
    assertEquals(stories.map((kinds) => kinds.includes("device-removed")), [true, false]);
  } finally {
    await a.lab.close();
    await b.lab.close();
  }
});

Deno.test("nothing of a lab is visible on the host", async () => {
  const host = () => {
    const { stdout } = new Deno.Command("ip", { args: ["-br", "link"] }).outputSync();
    return new TextDecoder().decode(stdout).split("\n").map((line) => line.split(" ")[0]);
  };
  const before = host();
  await using lab = await Lab.create();
  const router = await lab.addRouter("netyard-router");
  await lab.addDevice("netyard-device", { interfaces: { netyard0: { gateway: router } } });
  assertEquals(host().filter((name) => !before.includes(name) && /netyard|ix/.test(name)), []);
});

// ix -- home(server, client), in each of two threads
Deno.test("threads build their own labs at the same time", async () => {
  const workers = [1, 2].map(() =>
    new Worker(import.meta.resolve("./isolation_worker.ts"), { type: "module" })
  );
  try {
    const reports = await Promise.all(
      workers.map((worker, n) =>
        new Promise<Report>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = (event) => {
            event.preventDefault();
            reject(new Error(event.message));
          };
          worker.postMessage({ rounds: 10, port: 6000 + n });
        })
      ),
    );
    const expected: Report = { answered: 10, seen: Array(10).fill("10.0.1.3"), strangers: 0 };
    assertEquals(reports, [expected, expected]);
  } finally {
    for (const worker of workers) worker.terminate();
  }
});
