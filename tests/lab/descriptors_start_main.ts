/**
 * Run by `descriptors_test.ts` with few descriptors: starts a node's first process with ever more of
 * them free, until it succeeds. Prints how it came out, and what is left once the lab is closed.
 */
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { closeFd, duplicateFd } from "../../native/libc.ts";
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

await failuresUntilItStarts(); // What the process opens once, it has from now on.
const before = openDescriptors();
console.log("started after some failures:", await failuresUntilItStarts() > 3);
await waitUntil(async () => await children() === "", { what: "the end of every first process" });
const left = () => openDescriptors().filter((fd) => !before.includes(fd));
await waitUntil(() => left().length === 0, { what: "the end of every descriptor" });
