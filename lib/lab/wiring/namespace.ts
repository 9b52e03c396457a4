import { Namespace } from "../../../native/namespace.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { kernelFeatures } from "./kernel_features.ts";
import { step } from "../model/steps.ts";

/**
 * Sysctls of IPv4 that a new namespace takes over from the host, and that would change a lab's
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

/** Makes a namespace, for a host or for a node that forwards. */
export function makeNamespace(forwarding: boolean): Namespace {
  step("namespace");
  const namespace = Namespace.create();
  if (kernelFeatures.inheritedSysctls?.length === 0 && !forwarding) return namespace;
  try {
    namespace.enter(() => {
      kernelFeatures.inheritedSysctls ??= INHERITED.filter((name) =>
        (getSysctl(name) ?? "0") !== "0"
      );
      for (const name of kernelFeatures.inheritedSysctls) setSysctl(name, 0);
      if (!forwarding) return;
      // The kernel makes no link-local addresses: the lab gives them, and they are usable at once. A
      // device is configured link by link: with a thousand namespaces this lookup takes 0.3 ms.
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
