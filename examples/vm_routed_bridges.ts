// A service in three layers, each on its own bridge, with virtual machines.
//
//   browser -- front -- middle -- back
//                         |         |
//                      api (VM)   db (VM)
//
// The front is routed to the middle, and the middle to the back; so the browser reaches the API and the
// API its database, but the browser never reaches the database. A running machine that is attached to a
// second bridge gets another NIC with an address there.
//
// deno run -P examples/vm_routed_bridges.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

const PORT = 8080;

await using lab = await Lab.create({ label: "vm-routed-bridges" });
const [front, middle, back] = ["front", "middle", "back"].map((name) => lab.bridge(name));
const browser = await lab.addDevice("browser", { interfaces: { eth0: { gateway: front } } });
const api = lab.vm("api", { bridges: [middle] });
const db = lab.vm("db", { bridges: [back] });
await lab.boot();

// 1. The database is a file; the API is a script that fetches it and reports the result.
await db.writeFile("/tmp/index.html", "42 rows");
(await db.run(`httpd -p ${PORT} -h /tmp`)).assertOk();
const query = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
timeout 1 wget -q -O - http://${db.ip}:${PORT}/ || printf 'no database'
`;
(await api.run("mkdir -p /www/cgi-bin")).assertOk();
await api.writeFile("/www/cgi-bin/query", query, { mode: 0o755 });
(await api.run(`httpd -p ${PORT} -h /www`)).assertOk();

// 2. What is reachable, as the bridges are routed one by one.
const rows: string[][] = [];
rows.push(await look("no routes"));
await front.route(middle);
rows.push(await look("front with middle"));
await middle.route(back);
rows.push(await look("middle with back"));

// 3. A second NIC for the running machine.
await middle.unroute(back);
rows.push(await look("without that again"));
await middle.attach(db);
const direct = db.interface("middle");
await api.writeFile("/www/cgi-bin/query", query.replace(db.ip!, "db.middle"), { mode: 0o755 });
rows.push(await look("db on both"));

console.log(formatTable([["", "the API answers", "the database answers"], ...rows]));
console.log(`The database is ${db.ip} on the back, and ${direct.ip} in the middle.`);

assertEquals(rows, [
  ["no routes", "nothing", "nothing"],
  ["front with middle", "no database", "nothing"],
  ["middle with back", "42 rows", "nothing"],
  ["without that again", "no database", "nothing"],
  ["db on both", "42 rows", "nothing"],
]);
assertEquals(middle.members, ["api", "db"]);
assertEquals(db.interfaces.map(({ name }) => name), ["eth0", "eth1"]);

/** Returns what the browser gets from both. */
async function look(phase: string): Promise<string[]> {
  const answers = await Promise.all([
    browser.run(get, `http://${api.ip}:${PORT}/cgi-bin/query`, 3000),
    browser.run(get, `http://${db.ip}:${PORT}/`, 1000),
  ]);
  return [phase, ...answers];
}

/** Runs on the thread of the browser. */
async function get(url: string, timeoutMs: number): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return await answer.text();
  } catch {
    return "nothing";
  }
}
