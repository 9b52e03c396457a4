/**
 * Run by `leftovers_test.ts` in a process of its own: prints what is left of machines that were removed,
 * or did not come up.
 */
import { Lab } from "@netyard/netyard";
import { Namespace } from "../../../native/namespace.ts";
import { TINY } from "../../../lib/vm/profiles.ts";

function open(): string[] {
  Namespace.dropSockets();
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const to = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return Number(name) < 3 ? [] : [`${name} ${to}`];
    } catch {
      return []; // That of the directory itself.
    }
  });
}

async function round(i: number): Promise<void> {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const vms = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
  await lab.boot();
  if (i % 3 === 0) {
    const snapshot = await vms[0].snapshot(); // The lab closes it.
    await vms[0].restore(snapshot);
  }
  if (i % 3 === 1) await vms[0].run("poweroff").catch(() => {});
  if (i % 3 === 2) await vms[1].powerOff();
}

async function failures(): Promise<void> {
  await using lab = await Lab.create();
  const vm = lab.vm("bad", {
    profile: {
      ...TINY,
      name: "bad",
      prepare: async (site) => ({ ...await TINY.prepare(site), kernel: "/no/such", hash: "bad" }),
    },
  });
  await vm.boot().catch(() => {});
  const good = lab.vm("good", {});
  const boot = good.boot().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 150));
  await good.powerOff();
  await boot;
  const late = lab.vm("late", {}).boot().catch(() => {});
  await lab.close();
  await late;
}

await round(0);
await failures();
const before = open();
for (let i = 0; i < 6; i++) await round(i);
await failures();
// Work in the thread pool ends a moment later.
for (let i = 0; i < 50 && open().some((fd) => !before.includes(fd)); i++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(JSON.stringify(open().filter((fd) => !before.includes(fd))));
