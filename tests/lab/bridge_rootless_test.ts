import { assert, assertEquals } from "@std/assert";
import { lendPackages } from "../native/lend_packages.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";

const ROOT = new URL("../../", import.meta.url);

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
  said.late = "in force";
} catch (error) {
  if (!(error instanceof EmulatorError)) throw error;
  said.late = "refused";
}
said.after = await pings("b.lan");
console.log("SAID " + JSON.stringify(said));
`;

Deno.test("an ordinary user has bridges, partitions and routes", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
  });
  await lendPackages(`${user.dir}/.deno`);
  const { stdout, stderr } = await user.run([
    user.deno,
    "run",
    "-P",
    "--cached-only",
    "--no-check",
    "script.ts",
  ]);
  const said = /^SAID (.*)$/m.exec(stdout)?.[1];
  assert(said, stderr);
  const { late, ...others } = JSON.parse(said);
  assertEquals(others, { free: true, apart: false, routed: true, after: true });
  assert(["in force", "refused"].includes(late), late);
});
