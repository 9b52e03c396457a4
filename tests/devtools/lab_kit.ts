// A run of a real lab for tests of the page.
import type { Lab } from "@netyard/netyard";

/**
 * What a program of the lab prints: nested spans, in the format of Rust's tracing-subscriber. Two lines
 * are custom events.
 */
const TRACING = [
  ["INFO", "endpoint bound", "PeerBound"],
  ["WARN", "relay is slow", undefined],
  ["ERROR", "connection lost", "PeerLost"],
] as const;

/** The script that prints it. Times are those at which it prints. */
const PRINT = `
const lines = ${JSON.stringify(TRACING)};
for (const [level, message, event] of lines) {
  console.log(JSON.stringify({
    timestamp: new Date().toISOString(),
    level,
    fields: { message, attempt: 3 },
    target: event ? "app::_events::" + event : "app::net",
    span: { name: "dial", peer: "server" },
    spans: [{ name: "session", id: 7 }, { name: "dial", peer: "server" }],
  }));
}
console.log("\\x1b[31mred\\x1b[0m plain line <b>not bold</b>");
console.error("<img src=x onerror=window.hacked=1>\\x1b]0;title\\x07 to stderr");
`;

/**
 * Two homes with a laptop each, a server on the Internet, and what happens to them:
 *
 *   left -- home-a (NAT) --- eu --+
 *                                 +-- (20 ms) -- us --- dc -- server
 *   right -- home-b (NAT) -- eu --+
 *
 * A program prints lines of several formats, a link gets a condition, and is down for a while.
 */
export async function twoHomes(lab: Lab, pauseMs = 0): Promise<void> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));
  const eu = await lab.addRegion("eu");
  const us = await lab.addRegion("us");
  await lab.linkRegions(eu, us, { latencyMs: 20 });
  const dc = await lab.addRouter("dc", { preset: "public", region: us });
  const homes = [];
  for (const name of ["home-a", "home-b"]) {
    homes.push(await lab.addRouter(name, { preset: "home", region: eu }));
  }
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const left = await lab.addDevice("left", {
    interfaces: { wlan0: { gateway: homes[0], condition: "wifi" } },
  });
  const right = await lab.addDevice("right", { interfaces: { eth0: { gateway: homes[1] } } });
  await lab.dnsEntry("server.test", server.ip!);
  await pause();
  await left.$`ping -c 2 -i 0.05 -w 20 ${server.ip!}`.quiet();
  await left.$`${Deno.execPath()} eval ${PRINT}`.quiet();
  lab.emit("Joined", { peer: "server", note: "<script>window.hacked=1</script>" }, left);
  await pause();
  await left.interface("wlan0").setCondition({ latencyMs: 80, lossPct: 1 });
  lab.emit("Left", { after: 3 }, left);
  await pause();
  const fault = await lab.inject({ kind: "link-down", node: right, interface: "eth0" });
  await right.$`ping -c 1 -W 1 ${server.ip!}`.noThrow().quiet();
  lab.emit("noticed", { down: true }, right);
  await pause();
  await fault.heal();
  await homes[0].setNat("cgnat");
  lab.emit("all good");
  await pause();
}
