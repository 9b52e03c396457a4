import { posix } from "node:path";
import type { Vm } from "../../lab/vm.ts";

/** Where in a guest the files of a simulation are. */
const DIRECTORY = "/run/netyard";

/** The host's files that guests have copies of. */
export class GuestFiles {
  #copies = new Map<string, Promise<string>>();

  /**
   * The path of a file in a guest, which gets a copy of it once.
   *
   * @param name Its path below a directory of the simulation's: `bin/transfer`.
   */
  path(vm: Vm, hostPath: string, name: string): Promise<string> {
    const key = JSON.stringify([vm.name, hostPath, name]);
    let copy = this.#copies.get(key);
    if (!copy) this.#copies.set(key, copy = push(vm, hostPath, posix.join(DIRECTORY, name)));
    return copy;
  }
}

async function push(vm: Vm, hostPath: string, guestPath: string): Promise<string> {
  (await vm.run(["mkdir", "-p", posix.dirname(guestPath)])).assertOk();
  await vm.pushFile(hostPath, guestPath);
  return guestPath;
}
