/** Prints the descriptors of this process before and after labs whose routers advertise, as JSON. */
import { pathExists, readFileText, readLink } from "../../../native/libc.ts";
import { listeningLab } from "./ra_kit.ts";

/** Counts the descriptors that a lab may have left, by kind. The runtime opens Unix sockets at any time. */
function descriptors(): string[] {
  const all = Array.from({ length: 2048 }, (_, fd) => linkOf(`/proc/${Deno.pid}/fd/${fd}`));
  const unix = readFileText("/proc/net/unix");
  const isOfRuntime = (what: string) => unix.includes(` ${/socket:\[(\d+)\]/.exec(what)?.[1]}`);
  return all.filter((what) => /socket|eventpoll|eventfd|net:/.test(what) && !isOfRuntime(what))
    .map((what) => what.replace(/\d+/g, "n")).sort();
}

/** What a descriptor is; the runtime may close it meanwhile. */
function linkOf(path: string): string {
  try {
    return pathExists(path) ? readLink(path) : "";
  } catch {
    return "";
  }
}

async function build(): Promise<number> {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home");
  const cafe = await lab.addRouter("cafe");
  for (const name of ["a", "b", "c"]) {
    await lab.addDevice(name, { interfaces: { eth0: { gateway: home } } });
  }
  await lab.device("a").interface("eth0").replug(cafe);
  await cafe.setRouterAdvertisement({ enabled: false });
  await lab.remove("b");
  return descriptors().length;
}

await build(); // What is opened once stays.
const before = descriptors();
const most = await build();
await build();
console.log(JSON.stringify({ before, most, after: descriptors() }));
