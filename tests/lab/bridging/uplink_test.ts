import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Device, Lab, TopologyError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { greet, links, pings, sh, udp } from "../kit.ts";

// What is "the host" to an uplink is a device here, in which the script with the uplink runs:
//
//              ix -- dc -- server
//              ix -- isp -- host, stranger
//   a router without more: back -- host, target
async function site() {
  const lab = await Lab.create({ label: "site" });
  const [dc, isp, back] = await Promise.all(
    ["dc", "isp", "back"].map((name) => lab.addRouter(name)),
  );
  const on = (gateway: typeof dc) => ({ interfaces: { eth0: { gateway } } });
  const server = await lab.addDevice("server", on(dc));
  const host = await lab.addDevice("host", {
    interfaces: { eth0: { gateway: isp }, eth1: { gateway: back } },
  });
  const stranger = await lab.addDevice("stranger", on(isp));
  const target = await lab.addDevice("target", on(back));
  return { lab, isp, server, host, stranger, target, [Symbol.asyncDispose]: () => lab.close() };
}

const MAIN = new URL("uplink_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** A script with a lab of two bridges, in a device. */
class Script {
  #process: Deno.ChildProcess;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(host: Device) {
    this.#process = host.command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, MAIN],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  // deno-lint-ignore no-explicit-any -- whatever the task returns
  async ask(task: string, ...args: (string | number)[]): Promise<any> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify([task, ...args])}\n`));
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the script ended");
      this.#rest += value;
    }
    const [line] = this.#rest.split("\n", 1);
    this.#rest = this.#rest.slice(line.length + 1);
    const { value, error } = JSON.parse(line);
    if (error) throw new Error(error);
    return value;
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#writer.close().catch(() => {});
    while (!(await this.#reader.read()).done);
    await this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** All of a host that an uplink may change. */
function stateOf(host: Device): string {
  return sh(
    host,
    "nft list ruleset; cd /proc/sys/net; " +
      "grep -r . ipv4/conf/*/forwarding ipv4/conf/*/tag ipv6/conf/*/forwarding " +
      "ipv6/conf/*/*force_forwarding || :",
  ) + links(host);
}

const untouched = (host: Device, before: string) =>
  waitUntil(() => stateOf(host) === before, { what: "the host to be as it was" });

/** Whether this kernel forwards IPv6 by one link alone. */
const byLink6 = (host: Device) => sh(host, "ls /proc/sys/net/ipv6/conf/all").includes("force_");

Deno.test("members reach the networks of the host, with its address, until the uplink is disabled", async () => {
  await using all = await site();
  const { server, host, target } = all;
  const before = stateOf(host);
  await using script = new Script(host);
  assertEquals(await script.ask("isUplinked", "lan"), false);
  assertEquals(await script.ask("pings", "lan", server.ip!), false);
  await script.ask("enable", "lan");
  await script.ask("enable", "lan");
  assertEquals(await script.ask("isUplinked", "lan"), true);
  const families = byLink6(host)
    ? [[server.ip!, host.ip!], [server.ip6!, host.ip6!]]
    : [[server.ip!, host.ip!]];
  for (const [ip, seen] of families) {
    await using web = greet(server, ip);
    await using reflector = await server.spawnReflector({ ip });
    assertEquals(await script.ask("pings", "lan", ip), true);
    assertEquals(await script.ask("tcp", "lan", ip, web.port), seen);
    assertEquals(await script.ask("udp", "lan", ip, reflector.address.port), seen);
    await script.ask("disable", "lan");
    await script.ask("disable", "lan");
    assertEquals(await script.ask("connects", "lan", ip, web.port), false);
    assertEquals(stateOf(host), before);
    await script.ask("enable", "lan");
    assertEquals(await script.ask("tcp", "lan", ip, web.port), seen, "a second time");
  }
  assertEquals(
    await script.ask("pings", "lan", target.ip!),
    true,
    "by a link without default route",
  );
  assertEquals(await script.ask("pings", "lan", host.ip!), true, "the host itself");
  await script.ask("disable", "lan");
  assertEquals(await script.ask("isUplinked", "lan"), false);
  assertEquals(stateOf(host), before);
});

Deno.test("nothing from outside reaches a member or its bridge, and the host forwards nothing else", async () => {
  await using all = await site();
  const { lab, host, stranger, target } = all;
  await using script = new Script(host);
  await script.ask("enable", "lan");
  const { ip } = await script.ask("member", "lan");
  await using listening = udp(target, target.ip!, 5000);
  for (const network of [ip, "100.127.192.0/30", target.ip!]) {
    sh(stranger, `ip route replace ${network} via ${host.ip}`);
  }
  sh(host, `ip route replace ${ip} via 100.127.192.2`);
  assertEquals(await pings(stranger, ip), false);
  assertEquals(await pings(stranger, "100.127.192.2"), false);
  assertEquals(await pings(host, ip), false);
  assertEquals(await pings(host, "100.127.192.2"), false);
  await using sender = udp(stranger, stranger.ip!);
  await sender.send(target.ip!, 5000);
  await using local = udp(host, host.interfaces[1].ip!);
  await local.send(target.ip!, 5000);
  await listening.received(1);
  assertEquals(listening.from, [host.interfaces[1].ip!], "the host does not route for strangers");
  assertEquals(lab.devices.length, 4);
});

Deno.test("two bridges have uplinks at once, and do not reach each other through them", async () => {
  await using all = await site();
  const { server, host } = all;
  const before = stateOf(host);
  await using script = new Script(host);
  await script.ask("enable", "lan");
  await script.ask("enable", "rack");
  const rack = await script.ask("member", "rack");
  for (const bridge of ["lan", "rack"]) {
    assertEquals(await script.ask("pings", bridge, server.ip!), true, bridge);
  }
  // By the addresses of the member, of the bridge's node and of the host's end of its link.
  for (const ip of [rack.ip, rack.ip6, "100.127.192.6"]) {
    assertEquals(await script.ask("pings", "lan", ip), false, ip);
  }
  await script.ask("disable", "lan");
  assertEquals(await script.ask("pings", "lan", server.ip!), false);
  assertEquals(await script.ask("pings", "rack", server.ip!), true);
  await script.ask("route", "lan", "rack");
  assertEquals(await script.ask("pings", "lan", rack.ip), true);
  assertEquals(await script.ask("pings", "lan", server.ip!), false, "by another bridge's uplink");
  await script.ask("close", "rack");
  assertEquals(stateOf(host), before, "the uplink goes with its bridge");
  await script.ask("enable", "lan");
  await script.ask("closeLab");
  assertEquals(stateOf(host), before, "and with the lab");
  assertEquals((await script.ask("events")).map((line: string) => JSON.parse(line).kind), [
    "uplink-enabled",
    "uplink-enabled",
    "uplink-disabled",
    "uplink-disabled",
    "uplink-enabled",
  ]);
});

Deno.test("kill -9 of the script leaves nothing on the host", async () => {
  await using all = await site();
  const { host } = all;
  const before = stateOf(host);
  await using script = new Script(host);
  await script.ask("enable", "lan");
  await script.ask("enable", "rack");
  assert(stateOf(host) !== before);
  await script.kill();
  await untouched(host, before);
  assertEquals(sh(host, "ps -eo args | grep -c '[f]lock' || :"), "0");
});

Deno.test("a killed script leaves the uplink of another alone, and the last one restores the host", async () => {
  await using all = await site();
  const { server, host } = all;
  const before = stateOf(host);
  await using one = new Script(host);
  await using other = new Script(host);
  await one.ask("enable", "lan");
  await other.ask("enable", "lan");
  assertEquals((await other.ask("member", "lan")).ip, (await one.ask("member", "lan")).ip);
  await one.kill();
  await waitUntil(() => !links(host).includes("netyard0"), { what: "its link to be gone" });
  assertEquals(await other.ask("pings", "lan", server.ip!), true);
  await other.ask("enable", "rack");
  assertEquals(await other.ask("pings", "rack", server.ip!), true);
  await other.kill();
  await untouched(host, before);
});

Deno.test("forwarding that the host had, or turned on meanwhile, stays on afterwards", async () => {
  await using all = await site();
  const { host, server } = all;
  sh(host, "echo 1 >/proc/sys/net/ipv4/conf/eth1/forwarding");
  const before = stateOf(host);
  await using script = new Script(host);
  await script.ask("enable", "lan");
  assertEquals(sh(host, "cd /proc/sys/net/ipv4/conf; cat eth0/forwarding eth1/forwarding"), "2\n1");
  await script.ask("disable", "lan");
  assertEquals(stateOf(host), before);
  await script.ask("enable", "lan");
  sh(host, "echo 1 >/proc/sys/net/ipv4/ip_forward");
  assertEquals(await script.ask("pings", "lan", server.ip!), true);
  await script.ask("disable", "lan");
  assertEquals(sh(host, "cat /proc/sys/net/ipv4/conf/eth0/forwarding"), "1");
});

Deno.test("without a default route, the uplink is refused and nothing changes", async () => {
  await using all = await site();
  const { host, server } = all;
  await using script = new Script(host);
  sh(host, "ip -6 route del default");
  await script.ask("enable", "lan");
  assertEquals(await script.ask("pings", "lan", server.ip!), true, "IPv4 alone");
  assertEquals(await script.ask("pings", "lan", server.ip6!), false);
  await script.ask("disable", "lan");
  sh(host, "ip route del default");
  const before = stateOf(host);
  const { message } = await assertRejects(() => script.ask("enable", "lan"), Error);
  assertMatch(
    message,
    /^UplinkError: bridge "lan": enableUplink\(\): .* no default route.*ip route/,
  );
  assertEquals(await script.ask("isUplinked", "lan"), false);
  assertEquals(stateOf(host), before);
});

Deno.test("whichever step fails, nothing is left, and a second try works", async () => {
  await using all = await site();
  const { host, server } = all;
  const before = stateOf(host);
  await using script = new Script(host);
  // The last attempt is none that fails.
  assertEquals(await script.ask("failing", "lan"), [
    "uplink watch",
    "uplink link",
    "uplink rules",
    "uplink settings",
  ]);
  assertEquals(await script.ask("pings", "lan", server.ip!), true);
  await script.ask("disable", "lan");
  assertEquals(stateOf(host), before);
});

Deno.test("a refusal by the host is reported; the bridge is unchanged", async () => {
  await using all = await site();
  const { host } = all;
  await using script = new Script(host);
  sh(host, "echo 7 >/proc/sys/net/ipv4/conf/eth0/tag");
  const before = stateOf(host);
  if (byLink6(host)) {
    const { message } = await assertRejects(() => script.ask("enable", "lan"), Error);
    assertMatch(message, /net\.ipv4\.conf\.eth0\.tag of the host is 7.*set it to 0/);
  }
  assertEquals(await script.ask("isUplinked", "lan"), false);
  assertEquals(stateOf(host), before);
});

Deno.test("the LAN of a router has no uplink of its own", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const { message } = await assertRejects(() => home.lan.enableUplink(), TopologyError);
  assertMatch(
    message,
    /"home": enableUplink\(\): this is the LAN of router "home".*lab\.bridge\(\)/,
  );
  assertEquals(home.lan.isUplinked, false);
  await home.lan.disableUplink();
});
