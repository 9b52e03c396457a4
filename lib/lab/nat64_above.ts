import type { InterfaceRecord, RouterRecord } from "./model/records.ts";

/** The router whose NAT64 translates what an interface sends to IPv4, if there is one on its way. */
export function nat64Above(iface: InterfaceRecord | undefined): RouterRecord | undefined {
  if (!iface?.ip6) return undefined;
  const { owner } = iface.segment;
  return owner.kind === "router" ? nat64Over(owner as RouterRecord) : undefined;
}

/** The router with NAT64 that is nearest to what is behind a router: itself, or one above. */
export function nat64Over(router: RouterRecord): RouterRecord | undefined {
  for (let one: RouterRecord | null = router; one; one = one.upstream) {
    if (one.natV6 === "nat64") return one;
  }
  return undefined;
}
