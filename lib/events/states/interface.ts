import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import defer * as part from "../schema_parts.ts";

/** One interface of a router or device, as plain JSON data. */
export interface InterfaceState {
  /** Its name inside the node, such as `eth0`. */
  name: string;
  /** Its first IPv4 address, if it has one. */
  ip?: string;
  /** The prefix length of {@linkcode InterfaceState.ip}, in bits. */
  prefix?: number;
  /** Its first global or unique local IPv6 address, if it has one. */
  ip6?: string;
  /** The prefix length of {@linkcode InterfaceState.ip6}, in bits. */
  prefix6?: number;
  /** Its link-local IPv6 address, without a zone. */
  linkLocal6?: string;
  /** Additional addresses, if there are any. */
  addresses?: { ip: string; prefix: number }[];
  /** Its hardware address, `02:…`. */
  mac: string;
  /** Largest packet, in bytes. */
  mtu: number;
  /** The router or bridge that it is plugged into; null where there is none. */
  gateway: string | null;
  /** False after a `link-down`. */
  up: boolean;
  /**
   * The effective link condition, as JSON: a preset's name or its limits. Absent without one.
   * `{ up, down }` where the two directions differ, null for a direction without a condition.
   */
  condition?: unknown;
  /** The broken address families and how they are broken: `drop` or `reject`. Absent without any. */
  brokenFamilies?: BrokenFamiliesState;
}

/** Broken address families, each with what happens to its packets: `drop` or `reject`. */
export interface BrokenFamiliesState {
  /** Absent where IPv4 works. */
  ipv4?: string;
  /** Absent where IPv6 works. */
  ipv6?: string;
}

/** The schema of {@linkcode BrokenFamiliesState}. */
export const brokenFamiliesSchema = lazy(() =>
  part.object<BrokenFamiliesState>({ ipv4: part.text.optional(), ipv6: part.text.optional() })
);

/** The schema of {@linkcode InterfaceState}. */
export const interfaceSchema = lazy(() =>
  part.object<InterfaceState>({
    name: part.text,
    ip: part.text.optional(),
    prefix: part.count.optional(),
    ip6: part.text.optional(),
    prefix6: part.count.optional(),
    linkLocal6: part.text.optional(),
    addresses: z.array(z.strictObject({ ip: part.text, prefix: part.count })).optional(),
    mac: part.text,
    mtu: part.count,
    gateway: part.nullableText,
    up: part.flag,
    condition: part.json.optional(),
    brokenFamilies: brokenFamiliesSchema().optional(),
  })
);
