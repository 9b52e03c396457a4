import { SyscallError } from "../../native/libc.ts";
import { Namespace } from "../../native/namespace.ts";
import type { MessageWriter } from "../../native/netlink/codec.ts";
import { LOOPBACK } from "../../native/netlink/link.ts";
import { addAction, addFilter, addRootQdisc } from "../../native/netlink/tc_probe.ts";

const PRIO_HANDLE = 1 << 16;
// struct tc_prio_qopt: the number of bands, and the band of each of 16 priorities.
const PRIO_OPTIONS = Uint8Array.from({ length: 20 }, (_, i) => i === 0 ? 2 : 0);

/** What the netem engine is made of, as modules, and what only a kernel that has one accepts. */
const PARTS: [module: string, request: (batch: MessageWriter) => void][] = [
  ["sch_netem", (batch) => addRootQdisc(batch, LOOPBACK, "netem")],
  ["sch_tbf", (batch) => addRootQdisc(batch, LOOPBACK, "tbf")],
  ["sch_prio", (batch) => addRootQdisc(batch, LOOPBACK, "prio", PRIO_HANDLE, PRIO_OPTIONS)],
  ["cls_matchall", (batch) => addFilter(batch, LOOPBACK, "matchall", PRIO_HANDLE)],
  ["act_police", (batch) => addAction(batch, "police")],
];

let missing: readonly string[] | undefined;

/**
 * The modules that the netem engine needs and this kernel does not have. Less than a millisecond,
 * and nothing from the second time on; the first time, the kernel may have to load them.
 *
 * @example
 * ```ts
 * import { missingForNetem } from "./netem_probe.ts";
 *
 * console.log(missingForNetem().join(", ")); // sch_netem
 * ```
 */
export function missingForNetem(): readonly string[] {
  if (missing) return missing;
  using scratch = Namespace.create();
  const lacks = (request: (batch: MessageWriter) => void) => {
    try {
      scratch.rtnetlink(request);
      return false;
    } catch (error) {
      // Without options all but prio are refused, even those that are there.
      if (error instanceof SyscallError && error.call === "netlink") return error.code === "ENOENT";
      throw error;
    }
  };
  return missing = PARTS.filter(([, request]) => lacks(request)).map(([module]) => module);
}

/** Whether this kernel has what the netem engine needs. */
export function hasNetem(): boolean {
  return missingForNetem().length === 0;
}
