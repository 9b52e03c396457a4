import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lab, type Node, TomlError } from "@netyard/netyard";
import { takes } from "../../link/kit.ts";
import { greet, pings, seenBy } from "../kit.ts";

/** Runs with a file of that text. */
async function withFile(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "netyard-topology-" });
  try {
    const path = `${directory}/lab.toml`;
    await Deno.writeTextFile(path, text);
    await body(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

//  server -- dc (eu) --40 ms-- (us) home -- laptop
//                                     |  \- inner -- phone-0, phone-1
//                                    lan -- a, b
const TOPOLOGY = `
[region.us]
latencies = { eu = "40" }

[[router]]
name = "inner"
nat = "home"
upstream = "home"

[[router]]
name = "home"
nat = "home"
region = "us"

[[router]]
name = "dc"
region = "eu"

[device.server.eth0]
gateway = "dc"

[device.laptop.wlan0]
gateway = "home"
condition = { latency_ms = 15 }

[device.phone]
count = 2

[device.phone.eth0]
gateway = "inner"

[bridge.lan]
latency_ms = 10
routes = ["home"]

[device.a.eth0]
gateway = "lan"
impair = { latency_ms = 20 }

[device.b.eth0]
gateway = "lan"

[vm.nas]
bridges = ["lan"]
`;

Deno.test("a topology file becomes a network that behaves as described", async () => {
  await withFile(TOPOLOGY, async (path) => {
    await using lab = await Lab.load(path, { label: "loaded" });
    assertEquals([lab.label, lab.vm("nas").state], ["loaded", "defined"]);
    const [server, laptop, phone, a, b] = ["server", "laptop", "phone-1", "a", "b"]
      .map((name) => lab.device(name));

    await using server4 = greet(server, server.ip!);
    const home = lab.router("home").uplinkIp;
    assertEquals(await seenBy(laptop, server.ip!, server4.port), home);
    assertEquals(await seenBy(phone, server.ip!, server4.port), home); // By two NATs.
    assert(!(await pings(server, laptop.ip!)), "a host behind a NAT was reached from outside");

    const times: [from: Node, to: string, ms: number][] = [
      [laptop, server.ip!, 2 * (40 + 15)],
      [phone, server.ip!, 2 * 40],
      [a, b.ip!, 2 * (10 + 20)],
      [b, laptop.ip!, 2 * (10 + 15)], // By the route.
    ];
    for (const [from, to, ms] of times) await takes(ms, from, to);
  });
});

Deno.test("a topology file may be given as a URL", async () => {
  await withFile('[[router]]\nname = "dc"\npreset = "public"\n', async (path) => {
    await using lab = await Lab.load(new URL(`file://${path}`));
    assertEquals(lab.routers.map(({ name }) => name), ["dc"]);
  });
});

Deno.test("a topology file with a fault is refused with its line, and nothing is built", async () => {
  await withFile('[device.a.eth0]\ngateway = "dc"\n', async (path) => {
    const outDir = { exact: `${path}.run` };
    const error = await assertRejects(() => Lab.load(path, { outDir }), TomlError);
    assertEquals(
      error.message,
      `${path}:2: "device.a.eth0.gateway" is "dc", but there is no router or bridge of that name; ` +
        "there are: none",
    );
    await assertRejects(() => Deno.stat(outDir.exact), Deno.errors.NotFound);
    const missing = await assertRejects(() => Lab.load(`${path}.none`), TomlError);
    assertEquals(missing.message, `${path}.none: there is no such file`);
  });
});
