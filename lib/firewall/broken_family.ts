import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/** An address family that can be broken. */
export type AddressFamily = "ipv4" | "ipv6";

/**
 * What happens to packets of a broken family: `"drop"` drops them silently, as most broken paths do;
 * `"reject"` answers with an ICMP or ICMPv6 error, "no route".
 */
export type FamilyBreak = "drop" | "reject";

/** The families that are broken, and how. */
export type BrokenFamilies = Partial<Record<AddressFamily, FamilyBreak>>;

export const addressFamilySchema: Schema<AddressFamily> = z.enum(["ipv4", "ipv6"]);

/** Whether a family is broken, and how. */
export const familyBreakSchema: Schema<boolean | { how?: FamilyBreak }> = z.union([
  z.boolean(),
  z.strictObject({ how: z.enum(["drop", "reject"]).optional() }).meta({ title: "{ how }" }),
]);

/** The name of the table that breaks families. */
export const BROKEN_TABLE = "netyard_broken";

const REJECT = {
  ipv4: "meta nfproto ipv4 reject with icmp type net-unreachable",
  ipv6: "meta nfproto ipv6 reject with icmpv6 type no-route",
} as const;

/** Accepts what the link itself needs: neighbour and router discovery (RFC 4861), multicast groups (RFC 3810). */
const ON_LINK = "icmpv6 type { 130-137, 143 } accept";

const ETHER_TYPE = { ipv4: "ip", ipv6: "ip6" } as const;

type Entry = [AddressFamily, FamilyBreak];

const entries = (broken: BrokenFamilies) => Object.entries(broken) as Entry[];

/** Returns the nftables text of a router that does not forward some families; undefined for none. */
export function brokenForwarding(broken: BrokenFamilies): string | undefined {
  // Before the firewall: all packets get the error, not only those that the firewall accepts.
  return table("inet", [
    chain(
      "forward",
      "type filter hook forward priority filter - 10",
      entries(broken).map(([family, how]) =>
        how === "reject" ? REJECT[family] : `meta nfproto ${family} drop`
      ),
    ),
  ]);
}

/**
 * Returns the nftables text of a host with broken families on some interfaces; undefined for none.
 * With `"drop"`, outgoing packets leave the host, and the other end of the link drops them (see
 * {@link brokenPorts}): a program would see `EPERM` if the host itself dropped them.
 */
export function brokenHost(
  interfaces: Iterable<{ name: string; broken: BrokenFamilies }>,
): string | undefined {
  const input: string[] = [];
  const output: string[] = [];
  for (const { name, broken } of interfaces) {
    for (const [family, how] of entries(broken)) {
      input.push(`iifname "${name}" meta nfproto ${family} drop`);
      if (how === "reject") output.push(`oifname "${name}" ${REJECT[family]}`);
    }
  }
  return table("inet", [
    chain("input", "type filter hook input priority filter - 10", input, [ON_LINK]),
    chain("output", "type filter hook output priority filter - 10", output, [ON_LINK]),
  ]);
}

/** Returns the nftables text for the far ends of links, which drop the packets of broken families. */
export function brokenPorts(
  ports: Iterable<{ name: string; broken: BrokenFamilies }>,
): string | undefined {
  let n = 0;
  return table(
    "netdev",
    [...ports].map(({ name, broken }) =>
      chain(
        `port${n++}`,
        `type filter hook ingress device "${name}" priority 0`,
        entries(broken).filter(([, how]) => how === "drop")
          .map(([family]) => `meta protocol ${ETHER_TYPE[family]} drop`),
        [ON_LINK],
      )
    ),
  );
}

function chain(name: string, hook: string, rules: string[], before: string[] = []): string[] {
  if (rules.length === 0) return [];
  return [`chain ${name} {`, ...[`${hook}; policy accept;`, ...before, ...rules].map(indent), "}"];
}

const indent = (line: string) => `  ${line}`;

function table(family: "inet" | "netdev", chains: string[][]): string | undefined {
  const lines = chains.flat();
  if (lines.length === 0) return undefined;
  return [`table ${family} ${BROKEN_TABLE} {`, ...lines.map(indent), "}", ""].join("\n");
}
