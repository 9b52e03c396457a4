import { SyscallError } from "../../native/libc.ts";
import { addClsact, deleteClsact, redirectAllButMark } from "../../native/netlink/tc.ts";
import { sendBy } from "../../native/packet_socket.ts";
import { TUN_DEVICE } from "../../native/tap.ts";
import type { LinkEnd } from "../link/mod.ts";
import { EmulatorError } from "./errors.ts";
import { Port } from "./port.ts";

/** Has what is to leave by an end of a link come to a port instead; a used one, or a new one. */
export function redirect(end: LinkEnd, used: Port | undefined): Port {
  try {
    const port = used ?? new Port(end.namespace);
    port.clear();
    sendBy(port.sender, end.index);
    end.namespace.rtnetlink((batch) => addClsact(batch, end.index));
    try {
      const { index, mark } = port;
      end.namespace.rtnetlink((batch) => redirectAllButMark(batch, end.index, index, mark));
    } catch (error) {
      restore(end);
      throw error;
    }
    return port;
  } catch (error) {
    throw explain(error, end);
  }
}

/** Has it leave by the link again. An end that is gone is none to restore. */
export function restore(end: LinkEnd): void {
  try {
    end.namespace.rtnetlink((batch) => deleteClsact(batch, end.index));
  } catch (error) {
    if (!(error instanceof SyscallError) || !GONE.has(error.code)) throw error;
  }
}

const GONE = new Set(["ENODEV", "ENOENT", "EINVAL"]);

function explain(error: unknown, { label }: LinkEnd): unknown {
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
