import { assert, assertEquals } from "@std/assert";
import { type Device, Lab, type LinkEngineKind } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { expectPings, sh } from "../../lab/kit.ts";
import { at, flood, PORT, takes } from "../kit.ts";

const SCRIPT = new URL("../kill_main.ts", import.meta.url).pathname;
const DESCRIPTORS = new URL("../descriptors_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

export function manyCases(engine: LinkEngineKind): void {
  // ix -- r0(10 devices), ..., ix -- r9(10 devices)
  Deno.test(`200 directions with conditions: all devices reach all: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const devices: Device[] = [];
    for (let r = 0; r < 10; r++) {
      const gateway = await lab.addRouter(`r${r}`);
      for (let d = 0; d < 10; d++) devices.push(await lab.addDevice(`d${r}-${d}`, at(gateway)));
    }
    const start = performance.now();
    await Promise.all(devices.map((device, n) => {
      const [up, down] = [{ latencyMs: 5 + n % 10 }, { latencyMs: 10, jitterMs: 1 }];
      const eth0 = device.interface("eth0");
      return Promise.all([eth0.setCondition(up, "up"), eth0.setCondition(down, "down")]);
    }));
    assert(performance.now() - start < 3_000, `set in ${performance.now() - start} ms`);
    for (let n = 0; n < 100; n += 25) {
      const some = devices.slice(n, n + 25);
      await expectPings(some.map((from, i) => [from, devices[(n + 7 * i + 13) % 100].ip!, true]));
    }
    for (const n of [0, 17, 44, 99]) await takes(5 + n % 10 + 9, devices[n], lab.ix.ip, 2);
    const closing = performance.now();
    await lab.close();
    assert(performance.now() - closing < 5_000, `closed in ${performance.now() - closing} ms`);
  });

  Deno.test(`a lab with conditions that closes leaves no descriptor: ${engine}`, async () => {
    // In another process: all tests share one table of descriptors.
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, DESCRIPTORS],
      env: { NETYARD_LINK_ENGINE: engine },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(out, "none\n", err);
  });

  Deno.test(`kill -9 of a script with conditions leaves nothing on the host: ${engine}`, async () => {
    const links = async () => {
      const { stdout } = await new Deno.Command("ip", { args: ["-j", "link"] }).output();
      const all: { ifname: string }[] = JSON.parse(new TextDecoder().decode(stdout));
      return all.map(({ ifname }) => ifname);
    };
    const before = await links();
    const tag = `netyard-conditions-${Deno.pid}`;
    // Two when all conditions are effective, and one at any moment.
    await Promise.all([true, true, false].map(async (built) => {
      const script = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", CONFIG, SCRIPT, tag],
        env: { NETYARD_LINK_ENGINE: engine },
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = script.stdout.getReader();
      if (built) await reader.read();
      script.kill("SIGKILL");
      await script.status;
      await reader.cancel();
    }));
    const tagged = async () => {
      const list = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done";
      const { stdout } = await new Deno.Command("sh", { args: ["-c", list], stderr: "null" })
        .output();
      return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(tag));
    };
    await waitUntil(async () => (await tagged()).length === 0, { what: "every process to end" });
    assertEquals(await links(), before);
  });

  // With netem, the kernel draws the random numbers.
  if (engine === "netem") return;
  // ix -- r(d)
  Deno.test(`the same seed and the same packets have the same losses: ${engine}`, async () => {
    const arrived = async (seed: number) => {
      await using lab = await Lab.create({ linkEngine: engine, seed });
      const r = await lab.addRouter("r");
      const d = await lab.addDevice("d", at(r, { lossPct: 20, latencyMs: 2 }));
      const nodes = [r, d];
      for (const node of nodes) {
        sh(
          node,
          `nft 'table inet probe { set came { type inet_service; size 65535; flags dynamic; };
            chain in { type filter hook input priority -200;
            udp dport ${PORT}-${PORT + 1_999} add @came { udp dport } drop; }; }'`,
        );
      }
      const options = { count: 1_000, manyPorts: true };
      await Promise.all([flood(d, r.downstreamGateway!, options), flood(r, d.ip!, options)]);
      const { up, down } = await d.interface("eth0").counters();
      assertEquals([up!.dropped, down!.dropped], [0, 0]);
      await takes(4, d, r.downstreamGateway!); // Behind all others.
      return nodes.map((node) => {
        const { nftables } = JSON.parse(sh(node, "nft -j list set inet probe came"));
        return nftables.find((one: { set?: unknown }) => one.set).set.elem.join();
      });
    };
    const expected = await arrived(7);
    for (let repeat = 1; repeat < 5; repeat++) assertEquals(await arrived(7), expected);
    const [up, down] = await arrived(8);
    assert(up !== expected[0] && down !== expected[1] && up !== down);
  });
}
