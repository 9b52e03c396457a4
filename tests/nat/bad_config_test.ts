import { assert, assertEquals, assertRejects } from "@std/assert";
import { InvalidOptionError, Lab, type Nat } from "@netyard/netyard";
import { attach, servers } from "./net.ts";

const RANGE = "must be at least 1";

/** What is wrong, and what the message says of it after the name of the option. */
const BAD_NATS: [nat: unknown, says: string][] = [
  [
    "hom",
    'is "hom", but must be one of none, home, corporate, cgnat, cloud-nat, full-cone or a NatConfig object; did you mean "home"?',
  ],
  [
    7,
    "is 7, but must be one of none, home, corporate, cgnat, cloud-nat, full-cone or a NatConfig object",
  ],
  [
    { mapping: "symmetric" },
    '.mapping" is "symmetric", but must be one of endpoint-independent, address-dependent, address-and-port-dependent',
  ],
  [{ filtering: "address-dependend" }, 'did you mean "address-dependent"?'],
  [
    { hairpinning: true },
    '.hairpinning"; did you mean "hairpin"? Options: mapping, filtering, portPreservation, hairpin, timeouts',
  ],
  [{ hairpin: "yes" }, '.hairpin" is "yes", but must be true or false'],
  [{ timeouts: { udpSecs: 0 } }, `.timeouts.udpSecs" is 0, but ${RANGE}`],
  [{ timeouts: { udpStreamSecs: -1 } }, `.timeouts.udpStreamSecs" is -1, but ${RANGE}`],
  [{ timeouts: { udpSecs: 1.5 } }, '.timeouts.udpSecs" is 1.5, but must be a whole number'],
  [
    { timeouts: { tcpEstablishedSecs: 432_001 } },
    '.timeouts.tcpEstablishedSecs" is 432001, but must be at most 432000',
  ],
  [{ timeouts: { tcpTransitorySecs: 0 } }, `.timeouts.tcpTransitorySecs" is 0, but ${RANGE}`],
  [
    { timeouts: { udp: 30 } },
    '.timeouts.udp"; did you mean "udpSecs"? Options: udpSecs, udpStreamSecs, tcpEstablishedSecs, tcpTransitorySecs',
  ],
  [{ timeouts: 30 }, '.timeouts" is 30, but must be a NatTimeouts object'],
];

/** How a message names an option of the whole that was given: by its path in the options, if any. */
const at = (option: string, says: string) =>
  says.startsWith("is ")
    ? `${option ? `"${option}"` : "the value"} ${says}`
    : option
    ? says
    : says.replace(/^\./, "");

for (const [nat, says] of BAD_NATS) {
  Deno.test(`a bad NAT is refused, and nothing changes: ${JSON.stringify(nat)}`, async () => {
    await using lab = await Lab.create({ label: "bad-nat" });
    const error = await assertRejects(
      () => lab.addRouter("bad", { nat: nat as Nat }),
      InvalidOptionError,
      at("nat", says),
    );
    assert(error.message.startsWith('addRouter("bad"): '), error.message);
    assertEquals(lab.routers, []);

    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", { nat: "home" });
    const laptop = await attach(lab, "laptop", router);
    const rules = await router.$`nft list table ip netyard_nat`.text();
    const refused = await assertRejects(
      () => router.setNat(nat as Nat),
      InvalidOptionError,
      at("", says),
    );
    assert(refused.message.startsWith("router: setNat(): "), refused.message);
    assertEquals(router.nat, "home");
    assertEquals(await router.$`nft list table ip netyard_nat`.text(), rules);
    const reflector = await server.spawnReflector();
    const seen = await laptop.probeUdpMapping(reflector.address, { port: 40000 });
    assertEquals(seen, { ip: router.uplinkIp!, port: 40000 });
  });
}
