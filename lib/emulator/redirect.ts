import { SyscallError } from "../../native/libc.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { addClsact, deleteRedirect, redirectAllButMark } from "../../native/netlink/tc.ts";
import { sendBy } from "../../native/frames/packet_socket.ts";
import { TUN_DEVICE } from "../../native/frames/tun_device.ts";
import type { LinkEnd } from "../link/mod.ts";
import type { Asides } from "./asides.ts";
import { EmulatorError } from "./errors.ts";
import type { Port } from "./port.ts";

/** Has what is to leave by an end of a link come to a port instead; on failure all is as before. */
export function redirect(end: LinkEnd, port: Port, asides: Asides): void {
  sendBy(port.sender, end.index);
  const fill = () =>
    end.namespace.rtnetlink((batch) => {
      redirectAllButMark(batch, end.index, port.index, port.mark);
    });
  try {
    fill();
  } catch (error) {
    if (!refused(error, NO_CLSACT)) throw error;
    // An end that was never impaired. The place for filters stays from then on.
    asides.during(end, port, () => {
      end.namespace.rtnetlink((batch) => addClsact(batch, end.index));
      fill();
    });
  }
}

/** Has it leave by the link again. An end that is gone is none to restore. */
export function restore(end: LinkEnd, port: Port, asides: Asides): void {
  try {
    asides.end(end, port);
    end.namespace.rtnetlink((batch) => deleteRedirect(batch, end.index));
  } catch (error) {
    if (error instanceof NamespaceClosedError) return;
    if (!refused(error, GONE)) throw error;
  }
}

/** What the kernel says to a filter where there is no place for one. */
const NO_CLSACT = ["EINVAL", "ENOENT"];

function refused(error: unknown, codes: readonly string[]): boolean {
  return error instanceof SyscallError && codes.includes(error.code);
}

const GONE = ["ENODEV", "ENOENT", "EINVAL"];

/** Says what stands in the way, and what to do about it. */
export function explain(error: unknown, { label }: LinkEnd): unknown {
  if (!(error instanceof SyscallError)) return error;
  const what = `${label}: the link emulator cannot take it over`;
  if (error.args[0] === TUN_DEVICE) {
    return new EmulatorError(
      `${what}: ${error.message}; it needs ${TUN_DEVICE}, readable and writable: ` +
        "as root, `modprobe tun` and `chmod 0666 /dev/net/tun`",
      { cause: error },
    );
  }
  if (error.code === "EEXIST") {
    return new EmulatorError(
      `${what}: another emulator has, or something in the node does as if; take that away, ` +
        "by `tc filter del dev ... egress`",
      { cause: error },
    );
  }
  return new EmulatorError(`${what}: ${error.message}`, { cause: error });
}
