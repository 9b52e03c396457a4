import { SyscallError } from "../../native/libc.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { addClsact, deleteRedirect, redirectAllButMark } from "../../native/netlink/tc.ts";
import { refusedBy } from "../../native/netlink/refusal.ts";
import { sendBy } from "../../native/frames/packet_socket.ts";
import { explainTunError } from "../../native/frames/tun_device.ts";
import type { LinkEnd } from "../link/mod.ts";
import type { EgressRules } from "./egress_rules.ts";
import { EmulatorError } from "./errors.ts";
import type { Port } from "./port.ts";

/** The kernel's answer to a filter on a link without clsact. */
const NO_CLSACT = ["EINVAL", "ENOENT"];
/** The kernel's answer where the link or the filter is gone. */
const GONE = ["ENODEV", "ENOENT", "EINVAL"];

/** Redirects what leaves by an end of a link to a port; after a failure everything is as before. */
export function redirect(end: LinkEnd, port: Port, egressRules: EgressRules): void {
  sendBy(port.sender, end.index);
  const addFilter = () =>
    end.namespace.rtnetlink((batch) => {
      redirectAllButMark(batch, end.index, port.index, port.mark);
    });
  try {
    addFilter();
  } catch (error) {
    if (!refusedBy(error, NO_CLSACT)) throw error;
    // The end was never impaired. It keeps its clsact from now on.
    egressRules.during(end, port, () => {
      end.namespace.rtnetlink((batch) => addClsact(batch, end.index));
      addFilter();
    });
  }
}

/** Ends the redirection of an end to a port; does nothing if the end is gone. */
export function restore(end: LinkEnd, port: Port, egressRules: EgressRules): void {
  try {
    egressRules.delete(end, port);
    end.namespace.rtnetlink((batch) => deleteRedirect(batch, end.index));
  } catch (error) {
    if (error instanceof NamespaceClosedError) return;
    if (!refusedBy(error, GONE)) throw error;
  }
}

/** The error for an end that cannot be redirected: what is wrong, and what to do. */
export function explain(error: unknown, { label }: LinkEnd): unknown {
  if (!(error instanceof SyscallError)) return error;
  return new EmulatorError(
    `${label}: the link emulator cannot impair this link: ${reasonOf(error)}`,
    { cause: error },
  );
}

function reasonOf(error: SyscallError): string {
  const tun = explainTunError(error);
  if (tun) return tun;
  return error.code === "EEXIST"
    ? "its egress has a filter with the emulator's handle already, of another emulator or of a " +
      "program in the node; remove it by `tc filter del dev ... egress`"
    : error.message;
}
