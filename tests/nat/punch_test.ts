import { assertEquals } from "@std/assert";
import { type Device, Lab, type Nat, type SocketAddress } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { type Heard, punch, type Side } from "./punch.ts";
import { tcpPunch, tcpSeenBy } from "./tcp.ts";
import { Udp } from "./udp.ts";

interface Meeting {
  a: Side;
  b: Side;
  /** Asks the rendezvous server anew how a side looks from there. */
  lookAgain(side: Side): Promise<void>;
}

/** Brings two devices together at a rendezvous server, and tells each the other's mapping. */
async function meet(natA: Nat, natB: Nat, run: (meeting: Meeting) => Promise<void>): Promise<void> {
  // a - nat-a - IX - nat-b - b; rendezvous - dc - IX
  await using lab = await Lab.create({ label: "punch" });
  const [rendezvous] = await servers(lab, "rendezvous");
  const reflector = await rendezvous.spawnReflector();
  const join = async (name: string, nat: Nat): Promise<Udp> =>
    await Udp.open(await attach(lab, name, await lab.addRouter(`nat-${name}`, { nat })), 40000);
  await using a = await join("a", natA);
  await using b = await join("b", natB);
  await run({
    a: { socket: a, mapping: await a.seenBy(reflector) },
    b: { socket: b, mapping: await b.seenBy(reflector) },
    async lookAgain(side) {
      assertEquals(await side.socket.seenBy(reflector), side.mapping, "the mapping moved");
    },
  });
}

const mappings = ({ a, b }: Meeting): Heard => [b.mapping, a.mapping];

const OPEN: [Nat, Nat][] = [
  ["home", "home"],
  ["home", "cgnat"],
  ["home", "full-cone"],
  ["home", { portPreservation: false }],
  [{ filtering: "address-dependent" }, { portPreservation: false, hairpin: true }],
];

for (const [natA, natB] of OPEN) {
  Deno.test(`hole punching works: ${JSON.stringify(natA)} x ${JSON.stringify(natB)}`, async () => {
    await meet(natA, natB, async (meeting) => {
      assertEquals(await punch(meeting.a, meeting.b), mappings(meeting));
      await meeting.lookAgain(meeting.a);
      await meeting.lookAgain(meeting.b);
    });
  });
}

for (const [natA, natB] of [["home", "home"], ["cgnat", "home"], ["home", "cgnat"]] as const) {
  Deno.test(`hole punching works when one side begins earlier: ${natA} x ${natB}`, async () => {
    await meet(natA, natB, async (meeting) => {
      const { a, b } = meeting;
      // What arrives before the other side sent must not make its NAT take the port for used.
      for (let i = 0; i < 5; i++) await a.socket.send("early", b.mapping);
      const early = await b.socket.next(natB === "cgnat" ? 5000 : 200);
      assertEquals(early?.from, natB === "cgnat" ? a.mapping : undefined);
      while (await b.socket.next(100));
      assertEquals(await punch(a, b), mappings(meeting));
      await meeting.lookAgain(b);
    });
  });
}

const SHUT: [Nat, Nat][] = [
  ["home", "corporate"],
  ["corporate", "corporate"],
  ["home", "cloud-nat"],
];

for (const [natA, natB] of SHUT) {
  Deno.test(`hole punching fails: ${natA} x ${natB}`, async () => {
    await meet(natA, natB, async ({ a, b, lookAgain }) => {
      assertEquals(await punch(a, b, 700), [undefined, undefined]);
      await lookAgain(a); // It is the punch that fails, not the network.
      await lookAgain(b);
    });
  });
}

Deno.test("hole punching works one way round corporate NAT: where strangers may enter", async () => {
  await meet("corporate", "full-cone", async ({ a, b }) => {
    const [heardByA, heardByB] = await punch(a, b);
    assertEquals(heardByA, b.mapping);
    assertEquals(heardByB?.ip, a.mapping.ip);
  });
});

/** Two devices behind NATs of their own try TCP, knowing each other's mapping. */
async function tcpMeeting(natA: Nat, natB: Nat, timeoutMs?: number): Promise<boolean[]> {
  // a - nat-a - IX - nat-b - b; rendezvous - dc - IX
  await using lab = await Lab.create({ label: "tcp-punch" });
  const [rendezvous] = await servers(lab, "rendezvous");
  const { address } = await rendezvous.spawnReflector();
  const join = async (name: string, nat: Nat): Promise<[Device, SocketAddress]> => {
    const device = await attach(lab, name, await lab.addRouter(`nat-${name}`, { nat }));
    const [seen] = await tcpSeenBy(device, 40000, [address]);
    const [ip, port] = seen.split(":");
    return [device, { ip, port: Number(port) }];
  };
  const [[a, mappingA], [b, mappingB]] = [await join("a", natA), await join("b", natB)];
  const heard = await tcpPunch([[a, 40000, mappingB], [b, 40000, mappingA]], timeoutMs);
  return heard.map((address) => address !== undefined);
}

Deno.test("TCP hole punching works: home x home", async () => {
  assertEquals(await tcpMeeting("home", "home"), [true, true]);
});

Deno.test("TCP hole punching fails: home x corporate", async () => {
  assertEquals(await tcpMeeting("home", "corporate", 1500), [false, false]);
});
