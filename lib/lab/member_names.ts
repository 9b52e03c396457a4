import type { InterfaceRecord } from "./model/records.ts";
import { addressesOf } from "./wiring/neighbours.ts";

/**
 * The names by which a node knows those on its bridges, itself among them: `<member>.<bridge>`, each
 * with its addresses there.
 */
export function memberNames(interfaces: Iterable<InterfaceRecord>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  const bridges = new Set([...interfaces].map(({ segment }) => segment));
  for (const { kind, name: bridge, members } of bridges) {
    if (kind === "exchange") continue;
    for (const member of members.keys()) {
      const name = `${member.node.name}.${bridge}`;
      names.set(name, [...names.get(name) ?? [], ...addressesOf(member)]);
    }
  }
  return names;
}
