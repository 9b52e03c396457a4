// A train goes through three tunnels: the link of a phone flaps, and a TCP connection survives.
//
//   phone -- carrier (CGNAT) ----- IX ----- dc -- server
//
// The phone keeps its address and the NAT of the carrier its mapping, so nothing is lost: TCP
// retransmits (RFC 6298). A program that waits for its answer continues when the link is back; if the
// connection broke, it would have to connect again.
//
// deno run -P examples/intermittent.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertEquals, assertLess } from "@std/assert";

const TUNNELS_MS = [200, 400, 800];

await using lab = await Lab.create({ label: "intermittent" });
const dc = await lab.addRouter("dc", { preset: "public" });
const carrier = await lab.addRouter("carrier", { preset: "isp-cgnat" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const phone = await lab.addDevice("phone", { interfaces: { wwan0: { gateway: carrier } } });
const wwan0 = phone.interface("wwan0");

/** The numbers that the server received, in order. */
const heard: number[] = [];
let enough = false;
const listener = server.runSync(() => Deno.listen({ port: 7000 }));
const serving = serve(listener);
const beating = phone.run(beat, server.ip!, 7000);
await waitUntil(() => heard.length >= 5, { what: "the conversation is in progress" });

const flaps: { downMs: number; arrived: number; backMs: number }[] = [];
for (const downMs of TUNNELS_MS) {
  const before = heard.length;
  await wwan0.linkDown();
  await new Promise((resolve) => setTimeout(resolve, downMs));
  const arrived = heard.length - before;
  await wwan0.linkUp();
  const up = performance.now();
  const resumed = heard.length;
  await waitUntil(() => heard.length > resumed, { what: "the phone is back", timeoutMs: 10_000 });
  const backMs = performance.now() - up;
  await waitUntil(() => heard.length >= resumed + 5, { what: "the conversation goes on" });
  flaps.push({ downMs, arrived, backMs });
}

enough = true;
const { answered, connections } = await beating;
listener.close();
await serving;

console.log(formatTable([
  ["the link was down for", "beats that arrived", "the next one came after"],
  ...flaps.map(({ downMs, arrived, backMs }) => [
    `${downMs} ms`,
    `${arrived}`,
    `${backMs.toFixed(0)} ms`,
  ]),
]));
console.log(`\nBeats answered: ${answered}. Connections: ${connections}.`);

// One may have been in transit when the link went down.
for (const { arrived } of flaps) assertLess(arrived, 2, "nothing passes a link that is down");
assertEquals(connections, 1, "the same connection all the time");
assertEquals(heard, heard.map((_, i) => i), "each beat came once, in order");
assertEquals(answered, heard.length - 1, "and all but the last were answered");

/** The server: returns each number, up to a limit. */
async function serve(listener: Deno.Listener): Promise<void> {
  const conversations: Promise<void>[] = [];
  for await (const connection of listener) conversations.push(answer(connection));
  await Promise.all(conversations);
}

async function answer(connection: Deno.Conn): Promise<void> {
  using _closing = connection;
  const buffer = new Uint8Array(4);
  while (await connection.read(buffer)) {
    heard.push(new DataView(buffer.buffer).getUint32(0));
    if (enough) return;
    await connection.write(buffer);
  }
}

/** The phone's program: sends numbers and waits for the answers; reconnects if the connection breaks. */
async function beat(hostname: string, port: number) {
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const message = new Uint8Array(4);
  let [answered, connections] = [0, 0];
  for (let attempts = 0; attempts < 100; attempts++) {
    try {
      using connection = await Deno.connect({ hostname, port });
      connections++;
      for (;;) {
        new DataView(message.buffer).setUint32(0, answered);
        await connection.write(message);
        // The server closes the connection when it has received enough.
        if (await connection.read(new Uint8Array(4)) === null) return { answered, connections };
        answered++;
        await pause(10);
      }
    } catch {
      await pause(50);
    }
  }
  throw new Error("no way to the server");
}
