import { parseCidr } from "../../address/mod.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import {
  DELEGATED_LENGTH,
  delegates,
  isOffer,
  LAN_LENGTH,
  lifetimesOf,
  type PrefixDelegation,
  type PrefixOffer,
} from "./delegation_options.ts";
import { TopologyError } from "./errors.ts";
import { explained } from "./named_errors.ts";
import { hasV6 } from "./families.ts";
import type { IpSupport } from "./router_presets.ts";

/** A router, as far as delegation depends on it. */
export interface DelegationPlace {
  ipSupport: IpSupport;
  natV6: NatV6;
  upstream: { name: string; ipSupport: IpSupport; delegation: PrefixDelegation | undefined } | null;
}

/**
 * Refuses prefix delegation that cannot work: for a router without IPv6, behind a router that delegates
 * nothing, or from a network that has no parts of that length.
 */
export function checkDelegation(
  what: string,
  option: PrefixDelegation | undefined,
  { ipSupport, natV6, upstream }: DelegationPlace,
): void {
  if (option === undefined || option === false) return;
  if (!hasV6(ipSupport)) {
    throw new TopologyError(
      `${what}: prefixDelegation is about IPv6, but the router is v4-only; leave it out, or make ` +
        "the router dual-stack",
    );
  }
  if (isOffer(option)) return checkOffer(`${what}: prefixDelegation`, option);
  if (natV6 === "nptv6") {
    throw new TopologyError(
      `${what}: prefixDelegation gives downstream nodes addresses of its ISP, which natV6 "nptv6" ` +
        "would translate; leave out one of them",
    );
  }
  if (!upstream) return;
  if (!hasV6(upstream.ipSupport)) {
    throw new TopologyError(
      `${what}: prefixDelegation requests a prefix from its upstream "${upstream.name}", which is ` +
        "v4-only; make that one dual-stack, or leave it out",
    );
  }
  if (!delegates(upstream.delegation)) {
    throw new TopologyError(
      `${what}: prefixDelegation requests a prefix from its upstream "${upstream.name}", which ` +
        'delegates none; give that one prefixDelegation: { pool: "auto" }',
    );
  }
}

function checkOffer(what: string, offer: PrefixOffer): void {
  const { length = DELEGATED_LENGTH } = offer;
  const { preferredSecs, validSecs } = lifetimesOf(offer);
  if (preferredSecs > validSecs) {
    throw new TopologyError(
      `${what}: preferredSecs ${preferredSecs} is more than validSecs ${validSecs}; make it ` +
        "validSecs or less",
    );
  }
  if (offer.pool === "auto") return;
  const pool = explained(`${what}: pool`, () => parseCidr(offer.pool));
  if (pool.family !== 6) {
    throw new TopologyError(`${what}: pool ${pool} is IPv4; give an IPv6 network, or "auto"`);
  }
  if (length < pool.prefix) {
    throw new TopologyError(
      `${what}: pool ${pool} has no parts of length ${length}; give a larger pool, or a length of ` +
        `${pool.prefix} to ${LAN_LENGTH}`,
    );
  }
}
