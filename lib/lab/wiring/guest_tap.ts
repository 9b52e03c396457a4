import { closeFd } from "../../../native/libc.ts";
import { noLinkLocal, setLink } from "../../../native/netlink/link.ts";
import { addClsact, redirectIncoming } from "../../../native/netlink/tc.ts";
import { keepTap, openTap } from "../../../native/frames/tap.ts";
import { explainTunError } from "../../../native/frames/tun_device.ts";
import { VmError } from "../../vm/options/errors.ts";
import { inside } from "./rtnetlink.ts";
import type { InterfaceRecord, NodeRecord, Port } from "../model/records.ts";
import { linkName } from "../options/names.ts";

/**
 * The link of a virtual machine's interface. Its namespace has an ordinary veth, with which the
 * rest of the lab works as with any interface, and a TAP, which QEMU has open. Each frame that
 * arrives on one leaves by the other.
 */

/**
 * Makes a TAP for a NIC of a virtual machine; it stays until the machine is removed.
 *
 * @throws {VmError} If this user may not make one, or the kernel has no driver.
 */
export function makeTap(node: NodeRecord, slot: number): Port {
  const tap = {
    name: linkName(`tap${slot}`, (name) => node.links.has(name)),
    index: node.nextIndex++,
  };
  const fd = explainTun(
    node.name,
    () => node.runtime.namespace.enter(() => openTap(tap.name, tap.index)),
  );
  try {
    keepTap(fd);
  } finally {
    closeFd(fd); // QEMU opens it by its name.
  }
  node.links.add(tap.name);
  inside(node, (batch) => {
    noLinkLocal(batch, tap.index);
    setLink(batch, tap.index, { up: true });
    addClsact(batch, tap.index);
  });
  return tap;
}

function explainTun<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const reason = explainTunError(error);
    if (!reason) throw error;
    throw new VmError(`${name}: it cannot have a NIC: ${reason}`, { cause: error });
  }
}

/** Joins the link of an interface with a TAP. */
export function joinTap({ node, index, mtu }: InterfaceRecord, tap: Port): void {
  inside(node, (batch) => {
    setLink(batch, tap.index, { mtu });
    addClsact(batch, index);
    redirectIncoming(batch, index, tap.index);
    redirectIncoming(batch, tap.index, index);
  });
}
