// Two machines replicate notes, and the bridge between them is partitioned.
//
//   a (VM) -- lan -- b (VM)
//
// Each machine takes notes, serves them by HTTP, and keeps fetching those of the other. During the
// partition each continues alone, and their notes differ; afterwards both have all notes again.
//
// The program is a plain shell script. `spawn()` runs it in the guests; its streams carry the output while
// it runs.
//
// deno run -P examples/vm_split_brain.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type GuestProcess, Lab, type Vm } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertEquals } from "@std/assert";

/** `sh replica.sh PEER`: prints when it loses its peer, and when it finds it again. */
const REPLICA = `
peer=$1 was=
while :; do
  if timeout 2 wget -q -O /tmp/new "http://$peer/notes"; then
    mv /tmp/new /tmp/theirs
    now="with $peer"
  else
    now="alone"
  fi
  [ "$now" = "$was" ] || echo "$now"
  was=$now
  usleep 50000
done
`;

await using lab = await Lab.create({ label: "vm-split-brain" });
const lan = lab.bridge("lan");
const [a, b] = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
await lab.boot(); // All at once.

for (const vm of [a, b]) {
  await vm.writeFile("/replica.sh", REPLICA);
  (await vm.run("mkdir /www; touch /www/notes /tmp/theirs; httpd -h /www")).assertOk();
}
await using atA = await a.spawn("sh /replica.sh b.lan");
await using atB = await b.spawn("sh /replica.sh a.lan");
const logs = [atA, atB].map(readLines);

const rows: string[][] = [];
await says("with b.lan", "with a.lan");
await note(a, "buy milk");
rows.push(await look("together", (ours, theirs) => ours === theirs && ours !== ""));

await lan.partition(a, b);
await says("alone", "alone");
await note(a, "buy bread");
await note(b, "sell the cow");
rows.push(await look("apart"));

await lan.unpartition(a, b);
await says("with b.lan", "with a.lan");
rows.push(await look("healed", (ours, theirs) => ours === theirs));

console.log(formatTable([["", "a knows", "b knows"], ...rows]));

const all = "buy bread, buy milk, sell the cow";
assertEquals(rows, [
  ["together", "buy milk", "buy milk"],
  ["apart", "buy bread, buy milk", "buy milk, sell the cow"],
  ["healed", all, all],
]);
assertEquals(logs, [
  ["with b.lan", "alone", "with b.lan"],
  ["with a.lan", "alone", "with a.lan"],
]);

/** Takes a note on one machine. */
async function note(vm: Vm, text: string): Promise<void> {
  (await vm.run("cat >> /www/notes", { stdin: `${text}\n` })).assertOk();
}

/** Returns the notes of the machines, now or once they are as expected. */
async function look(
  phase: string,
  until: (a: string, b: string) => boolean = () => true,
): Promise<string[]> {
  const known = await waitUntil(async () => {
    const [ours, theirs] = await Promise.all([a, b].map(async (vm) => {
      const { stdout } = (await vm.run("sort -u /www/notes /tmp/theirs")).assertOk();
      return stdout.trim().split("\n").join(", ");
    }));
    return until(ours, theirs) ? [ours, theirs] : undefined;
  }, { what: `the notes, ${phase}`, timeoutMs: 20_000 });
  return [phase, ...known];
}

/** Waits until this is the last line that each of them printed. */
async function says(...lines: string[]): Promise<void> {
  await waitUntil(() => logs.every((log, i) => log.at(-1) === lines[i]), {
    what: `the replicas say ${lines.join(" and ")}`,
    timeoutMs: 20_000,
  });
}

/** Returns the lines that a program prints: an array that grows. */
function readLines({ stdout }: GuestProcess): string[] {
  const lines: string[] = [];
  (async () => {
    let rest = "";
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
    }
  })().catch(() => {}); // The lab was closed.
  return lines;
}
