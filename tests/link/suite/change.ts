import { assert, assertEquals } from "@std/assert";
import type { LinkCondition, LinkEngineKind } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { config } from "../../lab/kit.ts";
import { Link } from "../kit.ts";

/** Conditions without loss, and none is slower than the traffic. */
const CONDITIONS: (LinkCondition | null)[] = [
  { latencyMs: 10 },
  { latencyMs: 5, jitterMs: 5, rateKbit: 500_000 },
  null,
  { latencyMs: 30, jitterMs: 10 },
  { rateKbit: 200_000 },
  { latencyMs: 10, reorderPct: 20 },
  "lan",
];

export function changeCases(engine: LinkEngineKind): void {
  Deno.test(`a change is effective at once, and so is its end: ${engine}`, async () => {
    await using link = await Link.create(engine, { down: { latencyMs: 1 } });
    const { eth0 } = link;
    const until: number[] = [];
    for (let round = 0; round < 7; round++) {
      const replies = new Replies(link);
      await waitUntil(() => replies.all.length > 5, { intervalMs: 2 });
      const called = Date.now();
      await eth0.setCondition({ latencyMs: 40 }, "up");
      await waitUntil(() => replies.all.some(isDelayed), { intervalMs: 2 });
      until.push(Math.min(...replies.all.filter(isDelayed).map(({ sentMs }) => sentMs)) - called);
      await eth0.setCondition(null, "up");
      const cleared = Date.now();
      await waitUntil(() => replies.all.some(({ sentMs }) => sentMs > cleared + 50));
      await replies.stop();
      const late = replies.all.filter((reply) => reply.sentMs > cleared + 5 && isDelayed(reply));
      assertEquals(late, [], "nothing is delayed that is sent when the promise has resolved");
    }
    // From the call to the first delayed ping; on a busy host sometimes longer.
    until.sort((a, b) => a - b);
    assert(until[3] < 20, `${until} ms`);
  });

  Deno.test(`conditions come, change and go under traffic, and nothing is lost: ${engine}`, async () => {
    await using link = await Link.create(engine);
    const { device, eth0, gateway, router } = link;
    const before = [config(device), config(router)];
    using listener = router.runSync(() => Deno.listen({ hostname: gateway, port: 0 }));
    const { port } = listener.addr as Deno.NetAddr;
    using client = await device.runSync(() => Deno.connect({ hostname: gateway, port }));
    const served = read(await listener.accept());
    const pinging = device.command("ping", {
      args: ["-n", "-q", "-i", "0.002", "-c", "700", "-W", "3", gateway],
    }).output();
    let over = false;
    void pinging.finally(() => over = true);
    const written = write(client, () => over);
    for (let n = 0; !over || n < 20; n++) {
      const direction = (["both", "up", "down"] as const)[n % 3];
      await eth0.setCondition(CONDITIONS[n % CONDITIONS.length], direction);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const text = new TextDecoder().decode((await pinging).stdout);
    assert(text.includes("700 received, 0% packet loss"), text);
    await eth0.setCondition(null);
    const sent = await written;
    client.close();
    assertEquals(await served, sent);
    assert(sent > 1e6, `${sent} bytes`);
    assertEquals([config(device), config(router)], before);
  });
}

interface Reply {
  sentMs: number;
  tookMs: number;
}

const isDelayed = ({ tookMs }: Reply) => tookMs >= 40;

/** The output of a continuous ping. */
class Replies {
  readonly all: Reply[] = [];
  #child: Deno.ChildProcess;
  #reading: Promise<void>;

  constructor({ device, gateway }: Link) {
    const args = ["-n", "-D", "-O", "-i", "0.002", gateway];
    this.#child = device.command("ping", { args, stdout: "piped" }).spawn() as Deno.ChildProcess;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const [, at, took] = /^\[([\d.]+)\].* time=([\d.]+)/.exec(line) ?? [];
        if (at) this.all.push({ sentMs: 1_000 * Number(at) - Number(took), tookMs: Number(took) });
      }
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#child.status;
    await this.#reading;
  }
}

/** Writes counting bytes, slowly enough for any of the conditions; returns how many. */
async function write(to: Deno.Conn, isOver: () => boolean): Promise<number> {
  let sent = 0;
  while (!isOver()) {
    const chunk = Uint8Array.from({ length: 20_000 }, (_, i) => (sent + i) % 251);
    for (let at = 0; at < chunk.length;) at += await to.write(chunk.subarray(at));
    sent += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return sent;
}

/** Reads to the end, and checks the data; returns how many bytes. */
async function read(from: Deno.Conn): Promise<number> {
  let received = 0;
  for await (const chunk of from.readable) {
    for (const byte of chunk) {
      if (byte !== received++ % 251) throw new Error(`byte ${received - 1} is ${byte}`);
    }
  }
  return received;
}
