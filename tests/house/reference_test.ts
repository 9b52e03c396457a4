import { assertEquals } from "@std/assert";
import { type PortPolicy, resolveFirewall } from "../../lib/firewall/config.ts";
import { LINK_PRESETS } from "../../lib/link/condition.ts";
import { resolveNat } from "../../lib/nat/config.ts";
import { ROUTER_PRESETS } from "../../lib/lab/options/router_presets.ts";

/** The tables of presets in the module documentation, held against the code. */

const source = await Deno.readTextFile(new URL("../../mod.ts", import.meta.url));

/** The rows of the table below a heading, without the head, each without code marks. */
function tableBelow(heading: string): string[][] {
  const lines = source.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const start = lines.findIndex((line) => line.startsWith(`# ${heading}`));
  const rows = lines.slice(start + 1).filter((line, i, all) =>
    line.startsWith("|") && !all.slice(0, i).some((before) => before.startsWith("#"))
  );
  return rows.slice(2).map((row) =>
    row.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
  );
}

Deno.test("the documented router presets are those of the code", () => {
  const rows = Object.entries(ROUTER_PRESETS).map(([name, profile]) => {
    const { nat, natV6, firewall, ipSupport, pool } = profile;
    return [name, nat, natV6, firewall, ipSupport, pool];
  });
  assertEquals(new Set(tableBelow("Router presets").map(String)), new Set(rows.map(String)));
});

Deno.test("the documented NAT presets are those of the code", () => {
  for (const [name, ...cells] of tableBelow("IPv4 NAT presets")) {
    const nat = resolveNat(name as "home")!;
    assertEquals(cells, [
      nat.mapping,
      nat.filtering,
      nat.portPreservation ? "preserved" : "random",
      `${nat.timeouts.udpStreamSecs} s`,
      nat.hairpin ? "yes" : "no",
    ], name);
  }
  assertEquals(tableBelow("IPv4 NAT presets").length, 5);
});

Deno.test("the documented firewall presets are those of the code", () => {
  const text = (policy: PortPolicy) => typeof policy === "string" ? policy : policy.join(", ");
  for (const [name, ...cells] of tableBelow("Firewall presets")) {
    const { inbound, outbound: { tcp, udp, icmp, other } } = resolveFirewall(name as "none");
    assertEquals(cells, [inbound, text(tcp), text(udp), icmp, other], name);
  }
  assertEquals(tableBelow("Firewall presets").length, 4);
});

Deno.test("the documented link presets are those of the code", () => {
  const rows = Object.entries(LINK_PRESETS).map(([name, limits]) => {
    const { latencyMs, jitterMs, lossPct, rateKbit } = limits;
    const cell = (value: number | undefined, unit: string) =>
      value === undefined ? "" : `${value} ${unit}`;
    return [
      name,
      cell(latencyMs, "ms"),
      cell(jitterMs, "ms"),
      cell(lossPct, "%"),
      cell(rateKbit === undefined ? undefined : rateKbit / 1000, "Mbit/s"),
    ];
  });
  assertEquals(tableBelow("Link presets"), rows);
});
