import { Lab, type Vm } from "@netyard/netyard";
import type { Guest } from "../../../lib/vm/agent/guest.ts";
import { guestSuite } from "./guest_suite.ts";

let made: Promise<{ lab: Lab; vm: Vm }> | undefined;

Deno.test.afterAll(async () => {
  await (await made?.catch(() => undefined))?.lab.close();
});

/** The machine that all these tests share. */
function machine(): Promise<{ lab: Lab; vm: Vm }> {
  return made ??= (async () => {
    const lab = await Lab.create({ label: "guest" });
    const vm = await lab.vm("nas", { bridges: [lab.bridge("lan")] }).boot();
    return { lab, vm };
  })();
}

/** A machine offers everything that a guest does. */
function guestOf(vm: Vm): Guest {
  const processes = new Set<unknown>();
  return new Proxy(vm as unknown as Guest, {
    get(_, name) {
      if (name === "processes") return processes;
      if (name === "spawn") {
        return async (...args: Parameters<Vm["spawn"]>) => {
          const process = await vm.spawn(...args);
          processes.add(process);
          process.removed.then(() => processes.delete(process));
          return process;
        };
      }
      const value = Reflect.get(vm, name, vm);
      return typeof value === "function" ? value.bind(vm) : value;
    },
  });
}

guestSuite(
  async () => ({ guest: guestOf((await machine()).vm), close: () => Promise.resolve() }),
  { subject: "a virtual machine", slowness: 3 },
);
