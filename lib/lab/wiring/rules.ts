import { nft, withoutTable } from "../../../native/nftables.ts";
import type { NodeRecord } from "../model/records.ts";

/** Runs nft(8) commands in a node, as one transaction; does nothing where there are none. */
export function loadRules(node: NodeRecord, commands: string): void {
  if (commands) node.runtime.namespace.enter(() => nft(commands));
}

/** Replaces a table of a node; without `rules` it only removes the table. */
export function replaceTable(
  node: NodeRecord,
  family: "inet" | "netdev",
  table: string,
  rules = "",
): void {
  loadRules(node, withoutTable(family, table) + rules);
}
