import { assert, assertEquals } from "@std/assert";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";

const ROOT = new URL("../../../", import.meta.url);

/** What an ordinary user reaches by NAT64, or is told, where /dev/net/tun is root's alone. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { embedV4InNat64, Lab, TranslationError } from "@netyard/netyard";
await using lab = await Lab.create();
const dc = await lab.addRouter("dc", { preset: "public-v4" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const pings = async (node, to) =>
  (await node.command("ping", { args: ["-q", "-c", "1", "-W", "2", to] }).output()).success;
const said = {};
try {
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const interfaces = { eth0: { gateway: carrier } };
  const phone = await lab.addDevice("phone", { interfaces, clat: true });
  said.nat64 = await pings(phone, embedV4InNat64(server.ip));
  said.clat = await pings(phone, server.ip);
} catch (error) {
  if (!(error instanceof TranslationError)) throw error;
  said.refused = error.message;
}
const other = await lab.addRouter("carrier2", { preset: "isp-v6", natV6: "none" });
said.after = other.natV6;
console.log("SAID " + JSON.stringify(said));
`;

Deno.test("NAT64 and 464XLAT work for an ordinary user who may open TUNs, and are refused otherwise", async () => {
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
  const { stdout, stderr } = await user.run(
    [user.deno, "run", "-P", "--cached-only", "--no-check", "script.ts"],
  );
  const text = /^SAID (.*)$/m.exec(stdout)?.[1];
  assert(text, stderr);
  const { refused, ...others } = JSON.parse(text);
  if (refused === undefined) {
    assertEquals(others, { nat64: true, clat: true, after: "none" });
  } else {
    assert(refused.includes("chmod 0666 /dev/net/tun"), refused);
    assertEquals(others, { after: "none" });
  }
});
