/**
 * Run by `faults_test.ts`: builds routers while signals rain on this process, as they do where many
 * children end. The kernel then interrupts system calls, which must be repeated.
 */
import { Lab } from "@netyard/netyard";

let signals = 0;
Deno.addSignalListener("SIGCHLD", () => signals++);
const rain = new Deno.Command("sh", {
  args: ["-c", "while kill -CHLD $1; do :; done", "sh", `${Deno.pid}`],
  stderr: "null",
}).spawn();
await using lab = await Lab.create();
const dc = await lab.addRouter("dc", { preset: "public" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
for (let n = 0; n < 20; n++) {
  const home = await lab.addRouter(`home-${n}`, { preset: "home" });
  const pc = await lab.addDevice(`pc-${n}`, { interfaces: { eth0: { gateway: home } } });
  await home.setNat("full-cone");
  await home.flushNatState();
  if (n % 10 === 0) console.log(await pc.$`ping -c 1 -W 5 ${server.ip!}`.quiet().code());
}
rain.kill("SIGKILL");
await rain.status;
console.log(signals > 0);
