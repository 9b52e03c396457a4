/** Prints the descriptors of this process before and after labs whose routers advertise, as JSON. */
import { pathExists, readLink } from "../../native/libc.ts";
import { listeningLab } from "./ra_kit.ts";

/** Those that a lab may have left, by what they are. */
function descriptors(): string[] {
  const { stdout } = new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n")
    .map((fd) => `/proc/${Deno.pid}/fd/${fd}`).filter(pathExists)
    .map((path) => readLink(path).replace(/\d+/g, "n"))
    .filter((what) => /socket|eventpoll|eventfd|net:/.test(what)).sort();
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
