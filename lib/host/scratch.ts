import { check, closeFd, libc, O_RDWR, openFd, pathExists } from "../../native/libc.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { LOOPBACK, setLink } from "../../native/netlink/link.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { nft } from "../../native/nftables.ts";
import type { Trial } from "./finding.ts";
import type { HostFacts } from "./facts.ts";
import { missingForNetem } from "./netem_probe.ts";

/** What only trying tells. */
export type ScratchFacts = Pick<
  HostFacts,
  "namespaces" | "ruleset" | "netem" | "clsact" | "ipv6" | "tun"
>;

/** The programs that trials call; those that are missing leave their trials undone. */
export interface TrialPrograms {
  /** The path of tc(8). */
  tc?: string;
  /** The path of unshare(1). */
  unshare?: string;
  /** The path of mount(8). */
  mount?: string;
}

// A NAT as the router presets build it, in small: one table that has all it takes.
const RULESET = `add table ip probe
add map ip probe out { type ipv4_addr . inet_service : inet_service; flags dynamic,timeout; size 16; }
add set ip probe taken { type inet_service; flags dynamic,timeout; size 16; }
add chain ip probe post { type nat hook postrouting priority srcnat; policy accept; }
add rule ip probe post meta l4proto udp add @taken { udp sport timeout 30s limit rate 1/day burst 1 packets } snat to 192.0.2.1
add rule ip probe post meta l4proto udp update @out { ip saddr . udp sport timeout 30s : udp dport }
add rule ip probe post meta l4proto tcp snat to 192.0.2.1 fully-random
`;

const TUN = "/dev/net/tun";
// linux/if_tun.h: _IOW('T', 202, int), IFF_TAP | IFF_NO_PI; struct ifreq is 40 bytes, flags at 16.
const TUNSETIFF = 0x400454can;
const IFF_TAP_NO_PI = 0x1002;
const IFREQ_SIZE = 40;

// fd00::1
const UNIQUE_LOCAL = Uint8Array.from({ length: 16 }, (_, i) => i === 0 ? 0xfd : i === 15 ? 1 : 0);

/** What is known where nothing may be tried. */
export function nothingTried(): ScratchFacts {
  return {
    namespaces: { net: undefined, pid: undefined, mount: undefined },
    ruleset: undefined,
    netem: undefined,
    clsact: undefined,
    ipv6: undefined,
    tun: { present: true, usable: undefined },
  };
}

/**
 * Tries namespaces and what labs do in them, in a network namespace made for
 * it, which is gone afterwards. The process must have the capabilities.
 */
export async function tryInScratch(programs: TrialPrograms): Promise<ScratchFacts> {
  let scratch: Namespace | undefined;
  const net = attempt(() => scratch = Namespace.create());
  if (!scratch) return { ...nothingTried(), namespaces: { net, pid: undefined, mount: undefined } };
  using ns = scratch;
  attempt(() => ns.enter(() => rtnetlink((batch) => setLink(batch, LOOPBACK, { up: true }))));
  const [clsact, mount, pid] = await Promise.all([
    tryClsact(ns, programs.tc),
    tryMount(ns, programs),
    tryPid(ns, programs),
  ]);
  return {
    namespaces: { net, pid, mount },
    ruleset: attempt(() => ns.enter(() => nft(RULESET))),
    netem: tryNetem(),
    clsact,
    ipv6: pathExists("/proc/sys/net/ipv6")
      ? attempt(() =>
        ns.enter(() => rtnetlink((batch) => addAddress(batch, LOOPBACK, UNIQUE_LOCAL, 128)))
      )
      : { ok: false, detail: "the kernel has none" },
    tun: { present: pathExists(TUN), usable: attempt(() => ns.enter(makeTap)) },
  };
}

/** Tries an act that throws when it fails. */
export function attempt(act: () => unknown): Trial {
  try {
    act();
    return { ok: true, detail: "works" };
  } catch (error) {
    return { ok: false, detail: firstLine((error as Error).message) };
  }
}

const firstLine = (text: string) => text.trim().split("\n")[0].replace(/^Error: |\.$/g, "");

async function tryCommand(ns: Namespace, program: string, args: string[]): Promise<Trial> {
  const { success, code, stderr } = await ns.enter(() =>
    new Deno.Command(program, { args, stdin: "null" }).output()
  );
  const said = firstLine(new TextDecoder().decode(stderr));
  return success
    ? { ok: true, detail: "works" }
    : { ok: false, detail: said || `${program} failed with exit code ${code}` };
}

function tryNetem(): Trial {
  const tried = attempt(missingForNetem);
  const missing = tried?.ok ? missingForNetem() : [];
  return missing.length > 0
    ? { ok: false, detail: `the kernel has no ${missing.join(", ")}` }
    : tried;
}

// The emulator's redirect, from the loopback to itself: no packet ever passes.
async function tryClsact(ns: Namespace, tc: string | undefined): Promise<Trial> {
  if (!tc) return undefined;
  const qdisc = await tryCommand(ns, tc, "qdisc add dev lo clsact".split(" "));
  if (!qdisc?.ok) return qdisc;
  return await tryCommand(ns, tc, [
    ..."filter add dev lo egress protocol all prio 1 bpf bytecode".split(" "),
    "1,6 0 0 0",
    ..."action mirred egress redirect dev lo".split(" "),
  ]);
}

// A bind mount over itself, in a mount namespace that nothing propagates out of.
async function tryMount(ns: Namespace, { unshare, mount }: TrialPrograms): Promise<Trial> {
  if (!unshare || !mount) return undefined;
  return await tryCommand(ns, unshare, ["-m", mount, "--bind", "/etc", "/etc"]);
}

// By a process of its own: a thread in a user namespace could not come back.
async function tryPid(ns: Namespace, { unshare }: TrialPrograms): Promise<Trial> {
  if (!unshare) return undefined;
  return await tryCommand(ns, unshare, ["--pid", "--fork", "true"]);
}

function makeTap(): void {
  const fd = openFd(TUN, O_RDWR);
  try {
    const request = new Uint8Array(IFREQ_SIZE);
    new DataView(request.buffer).setUint16(16, IFF_TAP_NO_PI, true);
    check(libc().ioctl(fd, TUNSETIFF, request), "ioctl", TUN, "TUNSETIFF");
  } finally {
    closeFd(fd); // and with it the TAP
  }
}
