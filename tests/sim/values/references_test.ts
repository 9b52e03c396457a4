import { assertEquals } from "@std/assert";
import {
  nodeVariable,
  parseTemplate,
  renderTemplate,
  splitKey,
} from "../../../lib/sim/values/references.ts";

Deno.test("a string is split into text and references", () => {
  assertEquals(parseTemplate("${binary.relay} -u https://$NETSIM_IP_relay:3340/${relay.token}"), [
    { kind: "binary", name: "relay", text: "${binary.relay}" },
    { kind: "literal", text: " -u https://" },
    {
      kind: "address",
      variable: "RELAY",
      family: 4,
      name: "NETYARD_IP_RELAY",
      text: "$NETSIM_IP_relay",
    },
    { kind: "literal", text: ":3340/" },
    { kind: "capture", key: "relay.token", text: "${relay.token}" },
  ]);
  assertEquals(parseTemplate(""), []);
});

Deno.test("an address may be in braces, of either family, and in any case", () => {
  const names = ["${NETYARD_IP_lan-client}", "$NETYARD_IP6_LAN_CLIENT", "${NETSIM_IP6_Lan_Client}"]
    .map((text) => parseTemplate(text).map((part) => part.kind === "address" && part.name));
  assertEquals(names, [
    ["NETYARD_IP_LAN_CLIENT"],
    ["NETYARD_IP6_LAN_CLIENT"],
    ["NETYARD_IP6_LAN_CLIENT"],
  ]);
});

Deno.test("variables of the shell are not changed", () => {
  for (const text of ["$HOME ${HOME} $1 ${x:-y.z} $(a.b) ${a..} $NETYARD_IP_", "${.size}", "$$"]) {
    assertEquals(parseTemplate(text), [{ kind: "literal", text }]);
  }
});

Deno.test("a step's id may have dots: the capture's name follows the last one", () => {
  assertEquals(parseTemplate("${a.b-0.c}"), [{
    kind: "capture",
    key: "a.b-0.c",
    text: "${a.b-0.c}",
  }]);
  assertEquals(splitKey("a.b-0.c"), { id: "a.b-0", name: "c" });
  assertEquals(splitKey("a"), undefined);
  assertEquals(splitKey(".size"), undefined);
});

Deno.test("each reference is replaced by its value, once", () => {
  const values: Record<string, string> = { "${a.x}": "${b.y}", "${binary.b}": "/bin/b" };
  assertEquals(
    renderTemplate(parseTemplate("${binary.b} ${a.x}${a.x}"), ({ text }) => values[text]),
    "/bin/b ${b.y}${b.y}",
  );
  assertEquals(nodeVariable("lan-client"), "LAN_CLIENT");
});
