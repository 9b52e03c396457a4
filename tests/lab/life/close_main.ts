/**
 * Run by `close_test.ts` in a process of its own, whose descriptors and threads nobody else shares.
 * Fails where anything of a lab outlives it.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lab, LabClosedError, NodeRemovedError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";

async function open(): Promise<{ descriptors: number; threads: number }> {
  const script = 'ls "/proc/$1/fd" | wc -l; ls "/proc/$1/task" | wc -l';
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", String(Deno.pid)],
  }).output();
  const [descriptors, threads] = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  return { descriptors, threads };
}

const alive = (pid: number) => {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
};

/** A lab with something of every kind running, closed while it runs. */
async function busy(): Promise<number[]> {
  const lab = await Lab.create({ label: "busy" });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", {
    interfaces: { eth0: { gateway: dc, condition: "wifi" } },
  });
  const stubborn = server.command("sh", {
    args: ["-c", 'trap "" TERM HUP INT; echo up; while :; do sleep 60; done'],
    stdout: "piped",
  }).spawn();
  const output = stubborn.stdout.getReader();
  await output.read();
  const shell = server.$`sleep 60`.spawn();
  shell.catch(() => {});
  await dc.spawnReflector();
  await server.run(() => 0);
  const rejected = assertRejects(() => server.run(() => new Promise(() => {})), NodeRemovedError);
  await Promise.all([lab.close(), lab.close()]);
  await lab.close();
  await rejected;
  await output.cancel();
  assertEquals((await stubborn.status).signal, "SIGKILL");
  await assertRejects(() => lab.addRouter("late"), LabClosedError);
  return [stubborn.pid];
}

await busy(); // What is loaded once stays.
const before = await open();
const pids = [...await busy(), ...await busy(), ...await busy()];
for (const pid of pids) assert(!alive(pid), `process ${pid} is alive`);
// Threads wind down a moment after they were told to. The runtime keeps the event loop of the last
// that ended until another one does, with two descriptors.
await waitUntil(async () => {
  const now = await open();
  return now.descriptors <= before.descriptors + 2 && now.threads <= before.threads + 4;
}, { what: "descriptors and threads to be as before", timeoutMs: 15_000 });
