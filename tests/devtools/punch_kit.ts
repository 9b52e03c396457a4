// A lab with captures, in which two devices behind NAT routers reach each other.
import type { Lab, SocketAddress } from "@netyard/netyard";
import { punch } from "../nat/punch.ts";
import { Udp } from "../nat/udp.ts";
import { attach, servers } from "../nat/net.ts";

/** The addresses that the script knows. */
export interface Punched {
  /** Of each device, inside. */
  own: [a: string, b: string];
  /** Of each device, as others see it. */
  mapped: [a: SocketAddress, b: SocketAddress];
}

/** The port of both devices. */
export const PORT = 4000;

/** The places of a packet that came through, there and back. */
export const WAYS = [
  ["a/eth0", "nat-a/lan", "nat-a/ix", "nat-b/ix", "nat-b/lan", "b/eth0"],
  ["b/eth0", "nat-b/lan", "nat-b/ix", "nat-a/ix", "nat-a/lan", "a/eth0"],
];

/** Why the last packet was lost. */
export const LOST = "on the link b → nat-b: it loses 100\u00a0% of all packets";

/** What a sends before b has opened its NAT, and what it sends into a link that loses all. */
export const EARLY = "early bird";
export const DOOMED = "into the void";

/**
 * Two devices behind two NAT routers punch a hole by UDP:
 *
 *   a -- nat-a -- IX -- nat-b -- b        rendezvous -- dc -- IX
 *
 * Before that, a sends a datagram that nat-b has no mapping for. In the end, b's link loses all that it
 * sends.
 */
export async function holePunch(lab: Lab): Promise<Punched> {
  const [rendezvous] = await servers(lab, "rendezvous");
  const reflector = await rendezvous.spawnReflector();
  const natA = await lab.addRouter("nat-a", { nat: "home" });
  const natB = await lab.addRouter("nat-b", { nat: "home" });
  const [a, b] = [await attach(lab, "a", natA), await attach(lab, "b", natB)];
  await b.interface("eth0").setCondition({ latencyMs: 5 });
  await using socketA = await Udp.open(a, PORT);
  await using socketB = await Udp.open(b, PORT);
  const mapped: [SocketAddress, SocketAddress] = [
    await socketA.seenBy(reflector),
    await socketB.seenBy(reflector),
  ];
  await socketA.send(EARLY, mapped[1]);
  const [heard] = await punch(
    { socket: socketA, mapping: mapped[0] },
    { socket: socketB, mapping: mapped[1] },
    20_000,
  );
  if (!heard) throw new Error("the hole punch failed");
  await b.interface("eth0").setCondition({ lossPct: 100 });
  await socketB.send(DOOMED, mapped[0]);
  // The captures are read 300 times a second.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { own: [a.ip!, b.ip!], mapped };
}
