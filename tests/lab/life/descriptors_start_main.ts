/**
 * Run by `descriptors_test.ts` with few descriptors: starts a node's first process with ever more of
 * them free, until it succeeds. Prints how it came out, and what is left once the lab is closed.
 */
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { closeFd, duplicateFd } from "../../../native/libc.ts";
import { openDescriptors } from "./descriptors_main.ts";

const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;

/** Takes all descriptors but some, and gives them back when the result is disposed. */
function holdAllBut(free: number): Disposable {
  const held: number[] = [];
  for (let fd = duplicateFd(0, 3); fd >= 0; fd = duplicateFd(0, 3)) held.push(fd);
  held.splice(-free).forEach(closeFd);
  return { [Symbol.dispose]: () => held.forEach(closeFd) };
}

async function failuresUntilItStarts(): Promise<number> {
  await using lab = await Lab.create();
  const node = await lab.addRouter("router");
  for (let free = 1; free < 40; free++) {
    try {
      using _ = holdAllBut(free);
      await node.command("true", quiet).spawn().status;
      return free - 1;
    } catch {
      // Which of its descriptors it was is of no matter.
    }
  }
  throw new Error("it never started");
}

async function children(): Promise<string> {
  const args = ["-P", `${Deno.pid}`, "-x", "cat"];
  return new TextDecoder().decode((await new Deno.Command("pgrep", { args }).output()).stdout);
}

/** What is open beyond `before`, once the first processes have ended; most of it takes its time. */
async function left(before: number[]): Promise<number[]> {
  const more = () => openDescriptors().filter((fd) => !before.includes(fd));
  await waitUntil(async () => await children() === "", { what: "the end of every first process" });
  await waitUntil(() => more().length === 0, { timeoutMs: 2_000 }).catch(() => {});
  return more();
}

// What the process opens once, it has from then on: Deno, too, has other ways where descriptors are
// few, and takes them sooner or later. What is lost is lost each time.
let failures = await failuresUntilItStarts();
let open: number[] = [];
for (let attempt = 0; attempt < 4; attempt++) {
  const before = openDescriptors();
  failures = await failuresUntilItStarts();
  open = await left(before);
  if (open.length === 0) break;
}
console.log("started after some failures:", failures > 3);
if (open.length > 0) throw new Error(`descriptors left open: ${open}`);
