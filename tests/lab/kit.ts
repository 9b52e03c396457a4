/** What the tests of labs share. */
import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import { assertEquals } from "@std/assert";
import type { Lab, LabEvent, Node } from "@netyard/netyard";

const decoder = new TextDecoder();

/** Runs a shell line in a node; fails with its stderr. */
export function sh(node: Node, line: string): string {
  const { success, stdout, stderr } = node.command("sh", { args: ["-ec", line] }).outputSync();
  if (!success) throw new Error(`${node.name}: ${line}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

/** Whether one ping is answered within a second. */
export async function pings(from: Node, to: string, ...options: string[]): Promise<boolean> {
  const args = ["-c", "1", "-W", "1", ...options, to];
  return (await from.command("ping", { args }).output()).success;
}

/** Pings all at once, and says what was not as expected. */
export async function expectPings(cases: [from: Node, to: string, answers: boolean][]) {
  const wrong = await Promise.all(cases.map(async ([from, to, answers]) => {
    if (await pings(from, to) === answers) return [];
    return [`${from.name} -> ${to}: ${answers ? "no answer" : "an answer"}`];
  }));
  assertEquals(wrong.flat(), []);
}

/** Whether a TCP connection comes about within two seconds. */
export async function connects(from: Node, to: string, port: number): Promise<boolean> {
  const args = ["2", "bash", "-c", ": <>/dev/tcp/$0/$1", to, String(port)];
  return (await from.command("timeout", { args }).output()).success;
}

/** What `ip -j` says in a node. */
// deno-lint-ignore no-explicit-any -- the shapes are those of ip(8)
export function ip(node: Node, args: string): any[] {
  return JSON.parse(sh(node, `ip -j ${args}`) || "[]");
}

/** The names of the links in a node, without `lo`. */
export function links(node: Node): string[] {
  return ip(node, "link").map(({ ifname }) => ifname).filter((name) => name !== "lo").sort();
}

/** All that the lab gave a node: links, addresses, routes of all tables, neighbours that need not be learnt. */
export function config(node: Node) {
  const [links, routes4, routes6, neighbours] = sh(
    node,
    "for what in addr '-4 route show table all' '-6 route show table all' neigh; do ip -j $what; done",
  ).split("\n").map((line) => JSON.parse(line));
  // The link emulator keeps what it made for another use.
  const own = links.filter(({ ifname }: { ifname: string }) => !/^emu\d+$/.test(ifname));
  return {
    // A bridge port's own hardware address is nobody's business.
    links: sorted(own, ({ ifname, address, mtu, flags, master, addr_info }) => [
      ifname,
      master ?? address,
      mtu,
      flags.includes("UP"),
      addr_info.map((a: { local: string; prefixlen: number }) => `${a.local}/${a.prefixlen}`),
    ]),
    // For multicast, a link has a route once it had a carrier.
    routes: sorted(
      // deno-lint-ignore no-explicit-any -- as above
      [...routes4, ...routes6].filter(({ type }: any) => type !== "multicast"),
      (route) => route,
    ),
    neighbours: sorted(
      // deno-lint-ignore no-explicit-any -- as above
      neighbours.filter((entry: any) => "extern_learn" in entry),
      ({ dst, dev, lladdr }) => [dst, dev, lladdr],
    ),
  };
}

// deno-lint-ignore no-explicit-any -- as above
function sorted(list: any[], pick: (one: any) => unknown): string[] {
  return list.map((one) => JSON.stringify(pick(one))).sort();
}

/** All events so far. */
export async function eventsOf(lab: Lab): Promise<LabEvent[]> {
  const mark = crypto.randomUUID();
  lab.emit(mark);
  const events: LabEvent[] = [];
  for await (const event of lab.events()) {
    if (event.kind === "custom" && event.name === mark) break;
    events.push(event);
  }
  return events;
}

/** A UDP socket of a node that counts what comes. */
export interface Socket {
  readonly port: number;
  /** The senders, in the order of arrival. */
  readonly from: string[];
  /** Resolves when the kernel has it. */
  send(ip: string, port: number): Promise<void>;
  /** Resolves once so many datagrams came, or when the deadline has passed. */
  received(count: number, timeoutMs?: number): Promise<number>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a UDP socket in a node, on this thread. */
export function udp(node: Node, ip: string, wanted = 0): Socket {
  const family = ip.includes(":") ? 6 : 4;
  // Answered at once, so that bind() is done before runSync() leaves the node.
  const lookup = (host: string, _: unknown, done: (e: null, ip: string, family: number) => void) =>
    done(null, host, family);
  const socket = node.runSync(() => {
    const made = dgram.createSocket({ type: `udp${family}`, lookup } as dgram.SocketOptions);
    made.bind(wanted, ip);
    return made;
  });
  const from: string[] = [];
  let wake = () => {};
  socket.on("message", (_, { address }) => {
    from.push(address);
    wake();
  });
  const close = () => new Promise<void>((done) => socket.close(() => done()));
  return {
    port: socket.address().port,
    from,
    send: (to, port) => new Promise((ok) => socket.send(Buffer.from("?"), port, to, () => ok())),
    received(count, timeoutMs = 2000) {
      const { promise, resolve } = Promise.withResolvers<number>();
      // On a busy host a timer fires before datagrams that came earlier are read: one more turn.
      let deadline = setTimeout(() => {
        deadline = setTimeout(() => resolve(from.length), 200);
      }, timeoutMs);
      wake = () => {
        if (from.length >= count) resolve(from.length);
      };
      wake();
      return promise.finally(() => clearTimeout(deadline));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A TCP server in a node that says hello, and who called. */
export function greet(node: Node, hostname: string, port = 0) {
  const listener = node.runSync(() => Deno.listen({ hostname, port }));
  const serving = (async () => {
    for await (const connection of listener) {
      const { hostname } = connection.remoteAddr as Deno.NetAddr;
      await connection.write(new TextEncoder().encode(hostname)).catch(() => {});
      connection.close();
    }
  })().catch(() => {});
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

/** Connects from a node and returns what the server of {@link greet} said: this node's address, as seen there. */
export async function seenBy(node: Node, hostname: string, port: number): Promise<string> {
  using connection = await node.runSync(() => Deno.connect({ hostname, port }));
  const buffer = new Uint8Array(64);
  return decoder.decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}
