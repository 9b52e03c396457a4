import { assert, assertEquals } from "@std/assert";
import { saidByOrdinaryUser } from "../../native/ordinary_script.ts";

/** What passes between two members, and to another bridge, in a user namespace. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { EmulatorError, Lab } from "@netyard/netyard";
await using lab = await Lab.create({ linkEngine: "emulator" });
const [lan, other] = [lab.bridge("lan"), lab.bridge("other")];
const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
await lan.attach([a, b]);
await other.attach(c);
const pings = async (to) =>
  (await a.command("ping", { args: ["-q", "-c", "1", "-W", "1", to] }).output()).success;
const said = {};
said.free = await pings("b.lan");
await lan.partition(a, b);
said.apart = await pings("b.lan");
await lan.unpartition(a, b);
await lan.route(other);
said.routed = await pings(c.ip);
try {
  await lan.addLatency({ from: a, to: b, ms: 1 });
  said.late = "effective";
} catch (error) {
  if (!(error instanceof EmulatorError)) throw error;
  said.late = "refused";
}
said.after = await pings("b.lan");
console.log("SAID " + JSON.stringify(said));
`;

Deno.test("an ordinary user has bridges, partitions and routes", async () => {
  const said = await saidByOrdinaryUser(SCRIPT);
  const { late, ...others } = said;
  assertEquals(others, { free: true, apart: false, routed: true, after: true });
  assert(["effective", "refused"].includes(late), late);
});
