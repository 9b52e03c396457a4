// Two machines with a TCP connection between them: a snapshot of one moment, and its restore.
//
//   a (VM) -- lan -- b (VM)
//
// A program in `a` counts button presses: the number is in its memory, and is sent to `b` on one
// connection. `lab.snapshot()` saves both machines at one moment, and the rules of the bridge. Then
// everything fails; `lab.restore()` restores it, with the number and the connection, which still works.
//
// deno run -P examples/vm_snapshot_pair.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assert, assertEquals } from "@std/assert";

/** The variable `n` is only in the memory of this shell. */
const COUNTER = `
exec 3<>/button
n=0
while read -r press <&3; do
  n=$((n + 1))
  echo $n
done | nc b.lan 7000
`;

await using lab = await Lab.create({ label: "vm-snapshot-pair" });
const lan = lab.bridge("lan");
const [a, b] = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
await lab.boot();

// Background programs: a snapshot is refused while a process of spawn() is open, since it would cut its
// output.
await a.writeFile("/counter.sh", COUNTER);
(await b.run("nc -l -p 7000 -e tee /heard >/dev/null 2>&1 &")).assertOk();
await waitUntil(async () => (await b.run("ss -tln")).stdout.includes(":7000"), {
  what: "b listens",
  timeoutMs: 10_000,
});
(await a.run("mkfifo /button; sh /counter.sh >/dev/null 2>&1 &")).assertOk();

const rows: string[][] = [];
await press(3);
await heard("1 2 3");
rows.push(await look("before"));

// 1. The snapshot.
using snapshot = await lab.snapshot();

// 2. Everything fails.
await press(2);
await heard("1 2 3 4 5");
(await a.run("killall nc; rm /counter.sh")).assertOk();
(await b.run("echo nothing >/heard")).assertOk();
await lan.partition(a, b);
rows.push(await look("broken"));

// 3. The restore.
await lab.restore(snapshot);
rows.push(await look("restored"));

// 4. The program continues to count from there, on the same connection.
await press(1);
await heard("1 2 3 4");
rows.push(await look("one press more"));

console.log(formatTable([["", "b heard", "a's connection", "partitioned"], ...rows]));

const [before, broken, restored, more] = rows.map(([, ...cells]) => cells);
assert(/^[\d.]+:\d+$/.test(before[1]), before[1]);
assertEquals(before, ["1 2 3", before[1], "no"]);
assertEquals(broken, ["nothing", "none", "yes"]);
assertEquals(restored, before);
assertEquals(more, ["1 2 3 4", before[1], "no"]);

async function press(times: number): Promise<void> {
  (await a.run(["tee", "/button"], { stdin: "x\n".repeat(times) })).assertOk();
}

/** Returns what `b` has received so far. */
async function text(): Promise<string> {
  return (await b.readTextFile("/heard")).trim().replaceAll("\n", " ");
}

async function heard(wanted: string): Promise<void> {
  await waitUntil(async () => await text() === wanted, { what: wanted, timeoutMs: 10_000 });
}

async function look(phase: string): Promise<string[]> {
  const { stdout } = (await a.run("ss -Htn state established dport = :7000")).assertOk();
  const [, , connection = "none"] = stdout.trim().split(/\s+/);
  return [phase, await text(), connection, lan.isPartitioned(a, b) ? "yes" : "no"];
}
