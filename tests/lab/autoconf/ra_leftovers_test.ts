import { assert, assertEquals } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { pathExists, readFileText } from "../../../native/libc.ts";

const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** A script beside this file, in a process of its own. */
function script(name: string, ...args: string[]): Deno.Command {
  const path = new URL(`./${name}`, import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, path, ...args],
    stdout: "piped",
    stderr: "null",
  });
}

/** The radvds that a process started. */
async function radvdsOf(pid: number): Promise<string[]> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["--no-headers", "-o", "pid=,comm=", "--ppid", `${pid}`],
  }).output();
  return new TextDecoder().decode(stdout).split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, name]) => name === "radvd").map(([pid]) => `/proc/${pid}`);
}

Deno.test("a lab whose routers advertise leaves no descriptors when it closes", async () => {
  const { stdout } = await script("ra_descriptors_main.ts").output();
  const { before, most, after } = JSON.parse(new TextDecoder().decode(stdout));
  assert(most > before.length, "a lab has some");
  assertEquals(after, before);
});

Deno.test("kill -9 of a script whose routers advertise leaves nothing on the host", async () => {
  const mounts = readFileText("/proc/self/mountinfo");
  const running = script("ra_kill_main.ts", `netyard-ra-${Deno.pid}`).spawn();
  const reader = running.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("ready 2")) {
    const { done, value } = await reader.read();
    assert(!done, `it ended after: ${said}`);
    said += value;
  }
  const radvds = await radvdsOf(running.pid);
  assertEquals(radvds.length, 1);
  running.kill("SIGKILL");
  await running.status;
  await reader.cancel();
  await waitUntil(() => !radvds.some(pathExists), { what: `${radvds} to end` });
  assertEquals(readFileText("/proc/self/mountinfo"), mounts);
});
