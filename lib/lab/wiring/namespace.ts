import { Namespace } from "../../../native/namespace.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { step } from "../model/steps.ts";

/**
 * Sysctls of IPv4 that a new namespace takes over from the host, and that would bend a lab's
 * traffic: a host with containers forwards, and distributions differ in the others.
 */
const INHERITED = [
  "net.ipv4.ip_forward",
  ...["all", "default"].flatMap((scope) =>
    ["rp_filter", "arp_ignore", "arp_announce", "arp_filter"].map((name) =>
      `net.ipv4.conf.${scope}.${name}`
    )
  ),
];
let bent: string[] | undefined;

/** Makes a namespace and sets it up as a host, or as one that forwards. */
export function makeNamespace(forwarding: boolean): Namespace {
  step("namespace");
  const namespace = Namespace.create();
  if (bent?.length === 0 && !forwarding) return namespace;
  try {
    namespace.enter(() => {
      bent ??= INHERITED.filter((name) => (getSysctl(name) ?? "0") !== "0");
      for (const name of bent) setSysctl(name, 0);
      if (!forwarding) return;
      // No address of the kernel's own making: link-local ones are given, and usable at once. A
      // device is told link by link: with a thousand namespaces this lookup takes 0.3 ms.
      setSysctl("net.ipv6.conf.default.addr_gen_mode", 1);
      setSysctl("net.ipv4.ip_forward", 1);
      setSysctl("net.ipv6.conf.all.forwarding", 1);
    });
  } catch (error) {
    namespace.close();
    throw error;
  }
  return namespace;
}
