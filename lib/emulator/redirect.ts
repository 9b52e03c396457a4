import { SyscallError } from "../../native/libc.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { addClsact, deleteClsact, redirectAllButMark } from "../../native/netlink/tc.ts";
import { sendBy } from "../../native/packet_socket.ts";
import { TUN_DEVICE } from "../../native/tap.ts";
import type { LinkEnd } from "../link/mod.ts";
import { EmulatorError } from "./errors.ts";
import type { Port } from "./port.ts";

/** Has what is to leave by an end of a link come to a port instead; on failure all is as before. */
export function redirect(end: LinkEnd, port: Port): void {
  sendBy(port.sender, end.index);
  end.namespace.rtnetlink((batch) => addClsact(batch, end.index));
  try {
    end.namespace.rtnetlink((batch) => redirectAllButMark(batch, end.index, port.index, port.mark));
  } catch (error) {
    restore(end);
    throw error;
  }
}

/** Has it leave by the link again. An end that is gone is none to restore. */
export function restore(end: LinkEnd): void {
  try {
    end.namespace.rtnetlink((batch) => deleteClsact(batch, end.index));
  } catch (error) {
    if (error instanceof NamespaceClosedError) return;
    if (!(error instanceof SyscallError) || !GONE.has(error.code)) throw error;
  }
}

const GONE = new Set(["ENODEV", "ENOENT", "EINVAL"]);

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
      `${what}: something in the node gave it a clsact already; take that away, ` +
        "by `tc qdisc del dev ... clsact`",
      { cause: error },
    );
  }
  return new EmulatorError(`${what}: ${error.message}`, { cause: error });
}
