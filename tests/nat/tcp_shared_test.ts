import { assertEquals, assertNotEquals } from "@std/assert";
import { type Device, Lab, type Nat } from "@netyard/netyard";
import { HeldTcp } from "./held.ts";
import { attachAll, servers } from "./net.ts";
import { tcpReaches } from "./tcp.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const TRANSITORY_SECS = 2;
/** Long enough for transitory connections to expire, and too short for others. */
const FORGOTTEN_MS = 4500;
const timeouts = { tcpTransitorySecs: TRANSITORY_SECS };

/** Hosts inside a NAT and outside; `connect` is from a host inside to a new port of the server. */
interface Scene {
  laptop: Device;
  rival: Device;
  /** As the rival, but with no mapping yet. */
  latecomer: Device;
  server: Device;
  stranger: Device;
  connect(from: Device): Promise<HeldTcp>;
}

async function scene(nat: Nat, run: (scene: Scene) => Promise<void>): Promise<void> {
  // laptop, rival, latecomer - router - IX - dc - server, stranger
  await using lab = await Lab.create({ label: "tcp-shared" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const router = await lab.addRouter("router", { nat });
  const names = ["laptop", "rival", "latecomer"];
  const [laptop, rival, latecomer] = await attachAll(lab, names, router);
  using stack = new DisposableStack();
  const connect = async (from: Device) => {
    const listener = stack.use(server.runSync(() => Deno.listen({ port: 0 })));
    const { port } = listener.addr as Deno.NetAddr;
    return stack.use(await HeldTcp.open(from, 40000, listener, { ip: server.ip!, port }));
  };
  await run({ laptop, rival, latecomer, server, stranger, connect });
}

/** A test that runs for both ways in which connections end, in parallel, since it waits most of the time. */
function inBothWays(name: string, run: (how: "FIN" | "RST") => Promise<void>): void {
  Deno.test(name, async () => {
    await Promise.all([run("FIN"), run("RST")]);
  });
}

inBothWays("a TCP connection keeps its port when another of the port ends", async (how) => {
  await scene({ timeouts }, async ({ laptop, rival, connect }) => {
    const first = await connect(laptop);
    const second = await connect(laptop);
    assertEquals(second.seen, first.seen);
    // So that the end does not come in the same tick of the kernel as what it is to follow.
    await pause(100);
    await first.end(how);
    await pause(FORGOTTEN_MS);
    assertNotEquals((await connect(rival)).seen, second.seen, "the port is taken");
    const third = await connect(laptop);
    assertEquals(third.seen, second.seen, "one port for all destinations");
  });
});

inBothWays("the port is free again when the last of its TCP connections ended", async (how) => {
  await scene({ timeouts }, async ({ laptop, rival, connect }) => {
    const first = await connect(laptop);
    const second = await connect(laptop);
    await pause(100);
    await first.end(how);
    await pause(100);
    await second.end(how);
    await pause(FORGOTTEN_MS);
    assertEquals((await connect(rival)).seen, second.seen);
  });
});

inBothWays(
  "a TCP connection that entered keeps its port when another of the port ends",
  async (how) => {
    const filtering = "endpoint-independent";
    await scene({ filtering, timeouts }, async (scene) => {
      const { laptop, rival, latecomer, stranger, connect } = scene;
      const began = await connect(laptop);
      using listener = laptop.runSync(() => Deno.listen({ port: 40000 }));
      using entered = await HeldTcp.open(stranger, 6000, listener, began.seen);
      assertEquals(entered.seen, { ip: stranger.ip!, port: 6000 });
      using other = await HeldTcp.open(stranger, 6001, listener, began.seen);
      for (const ending of [began, other]) {
        await pause(100);
        await ending.end(how);
      }
      await pause(FORGOTTEN_MS);
      const more = await HeldTcp.open(stranger, 6002, listener, began.seen);
      await more.end(how);
      assertNotEquals((await connect(rival)).seen, began.seen, "the port is taken");

      await pause(100);
      await entered.end(how);
      await pause(FORGOTTEN_MS);
      assertEquals((await connect(latecomer)).seen, began.seen);
    });
  },
);

Deno.test("address-dependent filtering lets a peer in while a TCP connection with it is open", async () => {
  const filtering = "address-dependent";
  await scene({ filtering, timeouts }, async ({ laptop, server, stranger, connect }) => {
    const first = await connect(laptop);
    const second = await connect(laptop);
    await pause(100);
    await first.end("FIN");
    await pause(FORGOTTEN_MS);
    using listener = laptop.runSync(() => Deno.listen({ port: 40000 }));
    const entered = await HeldTcp.open(server, 6000, listener, second.seen);
    await entered.end("FIN");
    assertEquals(await tcpReaches(stranger, second.seen, 300), "no answer");
    await pause(100);
    await second.end("FIN");
    await pause(FORGOTTEN_MS);
    assertEquals(await tcpReaches(server, second.seen, 300), "no answer");
  });
});
