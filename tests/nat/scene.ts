import { type Device, Lab, type Nat, type Reflector, type Router } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { Udp } from "./udp.ts";

/** A laptop behind a NAT, and a server and a stranger outside. */
export interface Scene {
  router: Router;
  laptop: Udp;
  stranger: Udp;
  server: Device;
  reflector: Reflector;
}

/** Builds a {@link Scene} and runs a function in it. */
export async function scene(nat: Nat, run: (scene: Scene) => Promise<void>): Promise<void> {
  // laptop - router - IX - dc - server, stranger
  await using lab = await Lab.create({ label: "timeouts" });
  const [server, stranger] = await servers(lab, "server", "stranger");
  const router = await lab.addRouter("router", { nat });
  await using laptop = await Udp.open(await attach(lab, "laptop", router), 40000);
  await using outside = await Udp.open(stranger, 5000);
  const reflector = await server.spawnReflector();
  await run({ router, laptop, stranger: outside, server, reflector });
}
