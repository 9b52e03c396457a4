import { SyscallError } from "../../native/libc.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { deleteNetdevTable } from "../../native/netlink/nf_tables.ts";
import { addClsact, deleteRedirect, redirectAllButMark } from "../../native/netlink/tc.ts";
import { nft, RulesetError } from "../../native/nftables.ts";
import { sendBy } from "../../native/packet_socket.ts";
import { TUN_DEVICE } from "../../native/tap.ts";
import type { LinkEnd } from "../link/mod.ts";
import { EmulatorError } from "./errors.ts";
import type { Port } from "./port.ts";

/** Has what is to leave by an end of a link come to a port instead; on failure all is as before. */
export function redirect(end: LinkEnd, port: Port): void {
  sendBy(port.sender, end.index);
  try {
    fill(end, port);
  } catch (error) {
    // An end that was never impaired has no place for filters.
    if (!refused(error, NO_CLSACT)) throw error;
    prepare(end, port);
  }
}

function fill(end: LinkEnd, port: Port): void {
  end.namespace.rtnetlink((batch) => {
    redirectAllButMark(batch, end.index, port.index, port.mark);
  });
}

/** Makes the place for filters, while the port gets by other means what would be lost meanwhile. */
function prepare(end: LinkEnd, port: Port): void {
  port.aside = takeBefore(end, port);
  try {
    end.namespace.rtnetlink((batch) => addClsact(batch, end.index));
    fill(end, port);
  } catch (error) {
    notAside(end, port);
    throw error;
  }
  if (!port.aside) return;
  const over = () => {
    port.aside = false;
  };
  // It fails where somebody in the node flushed all rules.
  port.settling = end.namespace.enter(() => deleteNetdevTable(table(port))).then(over, over);
}

/** Takes the rule of nftables away for which there is no time to wait. */
function notAside(end: LinkEnd, port: Port): void {
  if (!port.aside) return;
  port.aside = false;
  try {
    end.namespace.enter(() => nft(`delete table netdev ${table(port)}\n`));
  } catch (error) {
    // The one who was told to do it has done so.
    if (!(error instanceof RulesetError)) throw error;
  }
}

const table = (port: Port) => `netyard_emu${port.number}`;

/** Whether the port gets all by a rule of nftables, which needs Linux 5.16. */
function takeBefore(end: LinkEnd, port: Port): boolean {
  if (end.live === false) return false;
  try {
    end.namespace.enter(() =>
      nft(`table netdev ${table(port)} {
  chain egress {
    type filter hook egress device "${end.name}" priority 0
    meta mark != ${port.mark} fwd to "emu${port.number}"
  }
}
`)
    );
    return true;
  } catch (error) {
    if (error instanceof RulesetError) return false;
    throw error;
  }
}

/** Has it leave by the link again. An end that is gone is none to restore. */
export function restore(end: LinkEnd, port: Port): void {
  try {
    notAside(end, port);
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
