import { assertEquals, assertRejects } from "@std/assert";
import { Lab, type Node, NodeRemovedError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { pathExists } from "../../native/libc.ts";
import { netOf, pair } from "./fixtures/topology.ts";

/** How many processes of the node have these arguments. */
async function count(node: Node, argument: string): Promise<number> {
  return (await node.$`pgrep -fx ${argument}`.noThrow().lines()).filter((line) => line).length;
}

/** The pid of a process's only child. */
async function childOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", `${pid}`] }).output();
  return Number(new TextDecoder().decode(stdout));
}

Deno.test("processes that a function starts belong to the node and end with the lab", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  const wanted = await laptop.$`readlink /proc/self/ns/pid`.text();
  const { namespaces, pids } = await laptop.run(async () => {
    const { default: cp } = await import("node:child_process");
    const link = { args: ["/proc/self/ns/pid"] };
    const decoder = new TextDecoder();
    const child = new Deno.Command("readlink", { ...link, stdout: "piped" }).spawn();
    const namespaces = [
      decoder.decode((await child.output()).stdout),
      decoder.decode((await new Deno.Command("readlink", link).output()).stdout),
      decoder.decode(new Deno.Command("readlink", link).outputSync().stdout),
      String(cp.execSync("readlink /proc/self/ns/pid")),
      String(cp.execFileSync("readlink", link.args)),
      String(cp.spawnSync("readlink", link.args).stdout),
      String(cp.spawnSync("readlink /proc/self/ns/pid", { shell: true }).stdout),
    ];
    const stubborn = { args: ["-c", "trap '' HUP INT TERM; sleep 1001 & wait"] };
    return {
      namespaces: namespaces.map((line) => line.trim()),
      pids: [
        new Deno.Command("sh", stubborn).spawn().pid,
        cp.spawn("setsid", ["sleep", "1001"], { stdio: "ignore" }).pid!,
      ],
    };
  });
  assertEquals(namespaces, namespaces.map(() => wanted));
  await waitUntil(async () => await count(laptop, "sleep 1001") === 2);
  await lab.close();
  await waitUntil(() => pids.every((pid) => !pathExists(`/proc/${pid}`)));
});

Deno.test("processes that a module starts belong to the node and end with the lab", async () => {
  const lab = await Lab.create();
  const { server } = await pair(lab);
  const wanted = await server.$`readlink /proc/self/ns/pid`.text();
  const task = await server.spawn(new URL("fixtures/children_task.ts", import.meta.url));
  for await (const message of task.messages()) {
    const { namespaces, pids } = message as { namespaces: string[]; pids: number[] };
    assertEquals(namespaces, namespaces.map(() => wanted));
    assertEquals(namespaces.length, 6);
    const grandchild = await childOf(pids[0]);
    // Deno ends them with their thread; what they started themselves ends with the lab.
    await task.stop();
    await waitUntil(() => pids.every((pid) => !pathExists(`/proc/${pid}`)));
    assertEquals(await count(server, "sleep 1000"), 1);
    await lab.close();
    await waitUntil(() => !pathExists(`/proc/${grandchild}`));
  }
});

Deno.test("a process of a thread sees the node's names and other processes, not the host's", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await lab.dnsEntry("server.test", "198.18.7.7");
  const [names, net, exit] = await laptop.run(async () => {
    const run = async (script: string) => {
      const { stdout, code } = await new Deno.Command("sh", { args: ["-c", script] }).output();
      return [new TextDecoder().decode(stdout), code] as const;
    };
    return [
      (await run("getent hosts server.test"))[0],
      (await run("readlink /proc/self/ns/net"))[0],
      (await run("exit 7"))[1],
    ];
  });
  assertEquals([names.trim().split(/\s+/), exit], [["198.18.7.7", "server.test"], 7]);
  assertEquals(net.trim(), netOf(laptop));
});

Deno.test("a process that a thread waits for ends with the lab", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  // Found from outside by a unique argument.
  const seconds = `1002.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const blocked = laptop.run((seconds) => {
    new Deno.Command("sleep", { args: [seconds] }).outputSync();
  }, seconds);
  const rejected = assertRejects(() => blocked, NodeRemovedError);
  await waitUntil(async () => await count(laptop, `sleep ${seconds}`) === 1);
  const args = ["-fx", `sleep ${seconds}`];
  const outside = () => new Deno.Command("pgrep", { args }).output();
  assertEquals((await outside()).code, 0);
  await Promise.all([rejected, lab.close()]);
  await waitUntil(async () => (await outside()).code === 1);
});
