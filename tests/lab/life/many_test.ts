import { assertEquals } from "@std/assert";
import { type Device, Lab, type Node } from "@netyard/netyard";
import { expectPings, ip, type Socket, udp } from "../kit.ts";

/** Sends a datagram from each device to each other, and counts the arrivals. */
async function allPairs(devices: Device[], address: (device: Device) => string) {
  const sockets = devices.map((device): [string, Socket] => {
    const own = address(device);
    return [own, udp(device, own)];
  });
  for (const [own, socket] of sockets) {
    await Promise.all(
      sockets.map(([to, { port }]) => to === own ? undefined : socket.send(to, port)),
    );
  }
  const received = await Promise.all(
    sockets.map(([, socket]) => socket.received(devices.length - 1, 5_000)),
  );
  const senders = sockets.map(([, { from }]) => new Set(from).size);
  await Promise.all(sockets.map(([, socket]) => socket.close()));
  return { received, senders };
}

/** Every device pings a few others, and it had to learn none of its neighbours. */
async function sample(devices: Device[]): Promise<void> {
  for (let i = 0; i < devices.length; i += 10) {
    await expectPings([1, 9, 50].map((step): [Node, string, boolean] => {
      const to = devices[(i + step) % devices.length];
      return [devices[i], step === 9 ? to.ip6! : to.ip!, true];
    }));
  }
  for (const node of [devices[0], devices.at(-1)!]) {
    const learnt = ip(node, "neigh").filter((entry) =>
      !entry.dst.startsWith("fe80:") && !("extern_learn" in entry)
    );
    assertEquals(learnt, []);
  }
}

// ix -- r0(10 devices), ..., ix -- r9(10 devices)
Deno.test("100 devices behind 10 routers: all reach all, without loss", async () => {
  await using lab = await Lab.create();
  const devices: Device[] = [];
  for (let r = 0; r < 10; r++) {
    const gateway = await lab.addRouter(`r${r}`, { preset: "public" });
    for (let d = 0; d < 10; d++) {
      devices.push(await lab.addDevice(`d${r}-${d}`, { interfaces: { eth0: { gateway } } }));
    }
  }
  const all = { received: Array(100).fill(99), senders: Array(100).fill(99) };
  assertEquals(await allPairs(devices, ({ ip }) => ip!), all);
  assertEquals(await allPairs(devices, ({ ip6 }) => ip6!), all);
  await sample(devices);
});

// ix -- r(100 devices)
Deno.test("100 devices behind one router: all reach all, without loss", async () => {
  await using lab = await Lab.create();
  const gateway = await lab.addRouter("r", { preset: "public" });
  const devices: Device[] = [];
  for (let d = 0; d < 100; d++) {
    devices.push(await lab.addDevice(`d${d}`, { interfaces: { eth0: { gateway } } }));
  }
  const all = { received: Array(100).fill(99), senders: Array(100).fill(99) };
  assertEquals(await allPairs(devices, ({ ip }) => ip!), all);
  assertEquals(await allPairs(devices, ({ ip6 }) => ip6!), all);
  await sample(devices);
  assertEquals(ip(devices[0], "neigh").length, 3 + 2 * 99);
});
