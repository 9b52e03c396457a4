import { assertEquals, assertThrows } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { topologyFrom } from "../../../lib/lab/config/toml.ts";
import { TomlDocument } from "../../../lib/toml/document.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { pings } from "../kit.ts";

const TOPOLOGY = `
[[router]]
name = "dc"
preset = "public-v4"
[[router]]
name = "carrier"
ip_support = "v6-only"
nat_v6 = "nat64"
dns64 = false
firewall = "block-inbound"
[device.server.eth0]
gateway = "dc"
[device.phone]
clat = true
[device.phone.eth0]
gateway = "carrier"
`;

Deno.test("a topology file has NAT64, its name server, and CLATs", async () => {
  const config = topologyFrom(TomlDocument.parse("lab.toml", TOPOLOGY));
  assertEquals(config.routers?.[1], {
    name: "carrier",
    ipSupport: "v6-only",
    natV6: "nat64",
    dns64: false,
    firewall: "block-inbound",
  });
  await using lab = await Lab.fromConfig(config);
  assertEquals([lab.router("carrier").natV6, lab.device("phone").clat?.ip], ["nat64", "192.0.0.1"]);
  assertEquals(await pings(lab.device("phone"), lab.device("server").ip!), true);
});

Deno.test("a topology file whose CLAT has no use is refused with the line", () => {
  const text = TOPOLOGY.replace('nat_v6 = "nat64"', "");
  assertThrows(
    () => topologyFrom(TomlDocument.parse("lab.toml", text)),
    TomlError,
    'lab.toml:14: "device.phone.clat": clat needs an upstream router with natV6 "nat64", but ' +
      'neither "carrier" nor an upstream of it has that',
  );
});
