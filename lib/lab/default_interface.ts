import type { DeviceRecord, InterfaceRecord, NodeRecord, RouterRecord } from "./model/records.ts";

/** The interface that carries a node's default route. */
export function defaultInterface(node: NodeRecord): InterfaceRecord | undefined {
  if (node.kind === "router") return (node as RouterRecord).uplink;
  const { defaultInterface: name } = node as DeviceRecord;
  return name === undefined ? undefined : node.interfaces.get(name);
}
