// A laptop gets another address during a conversation, as when its DHCP lease ends and another host gets
// the old address.
//
//   laptop (10.0.1.2, then another) -- home (NAT) ----- IX ----- dc -- server
//
// The laptop does not move, and its link stays up. But the TCP connection is bound to the old address:
// its packets go nowhere, and no error reports it. The program looks at its own addresses, sees that
// the one of its connection is missing, and connects again. The server sees the same router as before,
// with another port.
//
// deno run -P examples/dhcp_renewal.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, type SocketAddress } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";

await using lab = await Lab.create({ label: "dhcp-renewal" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });

/** For each connection, in order: the client that the server saw, and how much it received. */
const seen: { from: Deno.NetAddr; questions: number; connection: Deno.Conn }[] = [];
const listener = server.runSync(() => Deno.listen({ port: 7000 }));
const serving = serve(listener);

const talking = laptop.run(talk, { ip: server.ip!, port: 7000 }, 5);
const oldIp = laptop.ip!;
await waitUntil(() => seen[0]?.questions >= 5, { what: "a conversation is in progress" });

const newIp = await laptop.interface("eth0").renewIp();

const { sessions, gapMs } = await talking;
listener.close();
for (const { connection } of seen) connection.close();
await serving;

const [first, second] = sessions;
console.log(formatTable([
  ["", "before", "after"],
  ["the laptop's address", first.localIp, second.localIp],
  ["the server saw", ...seen.map(({ from }) => `${from.hostname}:${from.port}`)],
  ["answers", `${first.answers}`, `${second.answers}`],
  ["it ended, for", first.end, second.end],
]));
console.log(`\nNo answer for ${gapMs.toFixed(0)} ms.`);

assertNotEquals(oldIp, newIp);
assertEquals(sessions.map(({ localIp }) => localIp), [oldIp, newIp]);
assertEquals(sessions.map(({ end }) => end), ["the address is gone", "it was enough"]);
assertEquals(seen.map(({ from }) => from.hostname), [home.uplinkIp, home.uplinkIp]);
assertNotEquals(seen[0].from.port, seen[1].from.port);
assert(first.answers >= 4 && second.answers >= 5);
assertLess(gapMs, 3000, "the program is back in three seconds");

/** The server: answers each byte with one. */
async function serve(listener: Deno.Listener): Promise<void> {
  const conversations: Promise<void>[] = [];
  for await (const connection of listener) conversations.push(answer(connection));
  await Promise.all(conversations);
}

async function answer(connection: Deno.Conn): Promise<void> {
  const peer = { from: connection.remoteAddr as Deno.NetAddr, questions: 0, connection };
  seen.push(peer);
  const buffer = new Uint8Array(64);
  try {
    while (await connection.read(buffer)) {
      peer.questions++;
      await connection.write(buffer.subarray(0, 1));
    }
  } catch {
    // Closed at the end: the first connection never sees its own end.
  }
}

/** One connection of the laptop's program. */
interface Session {
  localIp: string;
  answers: number;
  end: string;
}

/** The laptop's program: sends until a second connection has brought enough answers. */
async function talk(
  { ip: hostname, port }: SocketAddress,
  enough: number,
): Promise<{ sessions: Session[]; gapMs: number }> {
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const isMine = (ip: string) => Deno.networkInterfaces().some(({ address }) => address === ip);
  const sessions: Session[] = [];
  let lastAnswer = performance.now();
  let gapMs = 0;
  const giveUp = performance.now() + 20_000;
  while (performance.now() < giveUp) {
    // Between the old address and the new one there is no route.
    const connection = await Deno.connect({ hostname, port }).catch(() => undefined);
    if (!connection) {
      await pause(10);
      continue;
    }
    const localIp = (connection.localAddr as Deno.NetAddr).hostname;
    const session: Session = { localIp, answers: 0, end: "" };
    sessions.push(session);
    // Ends with the connection.
    const reading = (async () => {
      while (await connection.read(new Uint8Array(64))) {
        gapMs = Math.max(gapMs, performance.now() - lastAnswer);
        lastAnswer = performance.now();
        session.answers++;
      }
    })().catch(() => {});
    while (session.end === "" && performance.now() < giveUp) {
      if (!isMine(localIp)) session.end = "the address is gone";
      else if (sessions.length > 1 && session.answers >= enough) session.end = "it was enough";
      else await connection.write(new Uint8Array(1)).catch(() => {});
      await pause(10);
    }
    connection.close();
    await reading;
    if (session.end === "it was enough") return { sessions, gapMs };
  }
  throw new Error("no second conversation within 20 s");
}
