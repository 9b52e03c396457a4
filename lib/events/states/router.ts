import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import type { Fields } from "../schema_parts.ts";
import defer * as part from "../schema_parts.ts";
import { bridgeRulesSchema, type BridgeRulesState } from "./bridge.ts";
import {
  brokenFamiliesSchema,
  type BrokenFamiliesState,
  interfaceSchema,
  type InterfaceState,
} from "./interface.ts";

/** The router advertisements of a router, as plain JSON data. */
export interface RouterAdvertisementState {
  /** Whether it sends router advertisements. */
  enabled: boolean;
  /** The interval between unsolicited advertisements, in seconds. */
  intervalSecs: number;
  /** The router lifetime in each advertisement, in seconds; 0: it is no default router. */
  lifetimeSecs: number;
}

/** A router, as plain JSON data. */
export interface RouterState {
  /** Unique in the lab. */
  name: string;
  /** The preset that it was built from, if one was named. */
  preset?: string;
  /** Its IPv4 NAT: a preset's name or a configuration. */
  nat: string | object;
  /** Its IPv6 translation: `none`, `nptv6`, `masquerade` or `nat64`. */
  natV6: string;
  /** The external IPv6 prefix of its LAN, where NPTv6 translates it; absent elsewhere. */
  externalCidr6?: string;
  /** Its firewall: a preset's name or a configuration. */
  firewall: string | object;
  /** `v4-only`, `v6-only` or `dual-stack`. */
  ipSupport: string;
  /** Its upstream router; null where it is attached to a region or to the IX. */
  upstream: string | null;
  /** The region that it belongs to, if any. */
  region: string | null;
  /** Largest packet on its links, in bytes. */
  mtu: number;
  /** The condition of its downlink, as JSON: a preset's name or its limits. Absent without one. */
  downlinkCondition?: unknown;
  /** Whether it is a path-MTU black hole; where it is absent, it is not. */
  blockIcmpFragNeeded?: boolean;
  /** Its router advertisements; absent where it has no IPv6, and in older runs. */
  routerAdvertisement?: RouterAdvertisementState;
  /** The address families that it does not forward. Absent without any. */
  brokenFamilies?: BrokenFamiliesState;
  /** Its IPv4 address on the upstream side. */
  uplinkIp?: string;
  /** Its IPv6 address on the upstream side. */
  uplinkIp6?: string;
  /** The IPv4 block of its LAN, such as `10.0.1.0/24`. */
  downstreamCidr?: string;
  /** Its own IPv4 address on the LAN. */
  downstreamGateway?: string;
  /** The IPv6 block of its LAN. */
  downstreamCidr6?: string;
  /** Its own IPv6 address on the LAN. */
  downstreamGateway6?: string;
  /** The IPv6 prefix that was delegated to it, if one was; its LAN's block is a part of that. */
  delegatedPrefix?: string;
  /** The rules of its LAN as a bridge. */
  rules?: BridgeRulesState;
  /** In the order in which they were added. */
  interfaces: InterfaceState[];
}

/** The schemas of the fields of {@linkcode RouterAdvertisementState}. */
export const advertisementFields = lazy((): Fields<RouterAdvertisementState> => ({
  enabled: part.flag,
  intervalSecs: part.count,
  lifetimeSecs: part.count,
}));

/** The schema of {@linkcode RouterState}. */
export const routerSchema = lazy(() =>
  part.object<RouterState>({
    name: part.text,
    preset: part.text.optional(),
    nat: part.mode,
    natV6: part.text,
    externalCidr6: part.text.optional(),
    firewall: part.mode,
    ipSupport: part.text,
    upstream: part.nullableText,
    region: part.nullableText,
    mtu: part.count,
    downlinkCondition: part.json.optional(),
    blockIcmpFragNeeded: part.flag.optional(),
    routerAdvertisement: part.object<RouterAdvertisementState>(advertisementFields()).optional(),
    brokenFamilies: brokenFamiliesSchema().optional(),
    uplinkIp: part.text.optional(),
    uplinkIp6: part.text.optional(),
    downstreamCidr: part.text.optional(),
    downstreamGateway: part.text.optional(),
    downstreamCidr6: part.text.optional(),
    downstreamGateway6: part.text.optional(),
    delegatedPrefix: part.text.optional(),
    rules: bridgeRulesSchema().optional(),
    interfaces: z.array(interfaceSchema()),
  })
);
