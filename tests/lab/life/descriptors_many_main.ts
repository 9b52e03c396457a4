/**
 * Run by `descriptors_test.ts`: builds a home NAT once many namespaces are open, and once no
 * descriptor below 1024 is free. libnftables waits by select(2), which aborts the process then.
 */
import { Lab, Namespace } from "@netyard/netyard";
import { duplicateFd } from "../../../native/libc.ts";

async function pingThroughNat(): Promise<number> {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  await home.setNat("cgnat");
  return await laptop.$`ping -c 1 -W 5 ${server.ip!}`.quiet().code();
}

const many = Array.from({ length: 600 }, () => Namespace.create());
const high = many.filter(({ fd }) => fd >= 1024).length;
const free = duplicateFd(0, 0);
console.log(high > 0, free < 1024, await pingThroughNat());

while (duplicateFd(0, 0) < 1100);
console.log(await pingThroughNat());
