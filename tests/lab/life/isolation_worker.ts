/// <reference lib="deno.worker" />
/** Run by `isolation_test.ts` as a thread: builds labs one after the other, and talks in them. */
import { Lab } from "@netyard/netyard";
import { greet, pings, seenBy, udp } from "../kit.ts";

export interface Report {
  /** In how many labs a ping was answered. */
  answered: number;
  /** As what the client was seen in each. */
  seen: string[];
  /** Datagrams that arrived and were not sent here. */
  strangers: number;
}

self.onmessage = async ({ data: { rounds, port } }: MessageEvent) => {
  const report: Report = { answered: 0, seen: [], strangers: 0 };
  for (let round = 0; round < rounds; round++) {
    await using lab = await Lab.create();
    const home = await lab.addRouter("home", { preset: "home" });
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: home } } });
    const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: home } } });
    await using web = greet(server, server.ip!);
    report.seen.push(await seenBy(client, server.ip!, web.port));
    if (await pings(client, server.ip6!)) report.answered++;
    // The other thread's server listens at the same address, on the other port.
    await using own = udp(server, server.ip!, port);
    await using sender = udp(client, client.ip!);
    await sender.send(server.ip!, port === 6000 ? 6001 : 6000);
    await sender.send(server.ip!, port);
    await own.received(1);
    report.strangers += own.from.length - 1;
  }
  self.postMessage(report);
};
