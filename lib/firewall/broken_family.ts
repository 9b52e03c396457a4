import { z } from "zod";

/** An address family, as a path may lose it. */
export type AddressFamily = "ipv4" | "ipv6";

/**
 * How packets of a broken family end: `"drop"`, without a word, as on most broken paths, or
 * `"reject"`, with an ICMP or ICMPv6 error that there is no route.
 */
export type FamilyBreak = "drop" | "reject";

/** The families that are broken, and how. */
export type BrokenFamilies = Partial<Record<AddressFamily, FamilyBreak>>;

export const addressFamilySchema: z.ZodType<AddressFamily> = z.enum(["ipv4", "ipv6"]);

/** What is said of a family: whether it is broken, and how. */
export const familyBreakSchema: z.ZodType<boolean | { how?: FamilyBreak }> = z.union([
  z.boolean(),
  z.strictObject({ how: z.enum(["drop", "reject"]).optional() }).meta({ title: "{ how }" }),
]);

/** The table that breaks families. */
export const BROKEN_TABLE = "netyard_broken";

const REJECT = {
  ipv4: "meta nfproto ipv4 reject with icmp type net-unreachable",
  ipv6: "meta nfproto ipv6 reject with icmpv6 type no-route",
} as const;

/** What keeps a link together and says nothing of a path: neighbours, routers (RFC 4861), groups (RFC 3810). */
const ON_LINK = "icmpv6 type { 130-137, 143 } accept";

const ETHER_TYPE = { ipv4: "ip", ipv6: "ip6" } as const;

type Entry = [AddressFamily, FamilyBreak];

const entries = (broken: BrokenFamilies) => Object.entries(broken) as Entry[];

/** The nftables text of a router that forwards nothing of some families; undefined for none. */
export function brokenForwarding(broken: BrokenFamilies): string | undefined {
  // Before the firewall: an error is to be told of all, not only of what that lets pass.
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
 * The nftables text of a host some of whose interfaces have lost families; undefined for none. What
 * such an interface sends without a word of refusal leaves it, for a program would be told of
 * a packet that is dropped inside (`EPERM`): the link's other end drops it, see {@link brokenPorts}.
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

/** The nftables text for the other ends of links, by which packets come in that are to vanish. */
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
