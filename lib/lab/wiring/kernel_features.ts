/**
 * What this process found out about the kernel while it built nodes. It is the same for all labs, so
 * that each is probed once.
 */
export const kernelFeatures: KernelFeatures = {
  inheritedSysctls: undefined,
  ranksDefaultRoutes: true,
  natVariant: 0,
  namedCounters: 0,
};

interface KernelFeatures {
  /** The sysctls that a new namespace takes over from the host and that differ from 0. */
  inheritedSysctls: readonly string[] | undefined;
  /** Whether advertised default routes can have metrics (since Linux 5.12), as far as is known. */
  ranksDefaultRoutes: boolean;
  /** The first of `NAT_VARIANTS` that the kernel can load, as far as rulesets needed one. */
  natVariant: number;
  /** 1 if the kernel has no named counters (nft_objref), as far as a ruleset needed one. */
  namedCounters: number;
}
