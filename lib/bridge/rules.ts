import { withoutTable } from "../../native/nftables.ts";

/** Generates the nftables rules for frames between the ports of a Linux bridge, as text. */

/** The table of the `bridge` family with the rules. */
export const BRIDGE_TABLE = "netyard_bridge";
/** The table of the `netdev` family that sends frames into detours and out of them. */
export const DETOUR_TABLE = "netyard_detour";

/**
 * Frames for a detour carry a mark: outside the range of the link emulator's marks (0x6e000000 and up),
 * and removed before a frame reaches rules of the link emulator.
 */
const FIRST_MARK = 0x6d00_0000;
/**
 * Runs before the rules with which the link emulator takes over frames that leave through a port (priority
 * 0): of frames that take a detour, it must get those that come back.
 */
const BEFORE_OTHERS = -100;

/** A detour for frames from one port to another: a veth pair that can be impaired. */
export interface DetourRule {
  /** Its number, unique in the namespace. */
  number: number;
  /** The name of the port where the frames come in. */
  from: string;
  /** The name of the port where the frames leave. */
  to: string;
  /** The end of the pair where frames enter the detour. */
  entry: string;
  /** The end where they leave the detour. */
  exit: string;
  /** Whether it only delivers the frames that are still in it. */
  closing?: boolean;
}

/** The rules between the ports of a bridge. Frames to and from the gateway are not affected. */
export interface BridgeRules {
  /** Whether no frames pass between any two ports. */
  closed: boolean;
  /** Ports that no frames pass. */
  isolated: readonly string[];
  /** Directions in which no frames pass, by the names of the ports. */
  dropped: readonly (readonly [from: string, to: string])[];
  /**
   * Directions in which only address resolution passes (ARP, and Neighbor Discovery), which the other
   * direction needs.
   */
  resolving: readonly (readonly [from: string, to: string])[];
  detours: readonly DetourRule[];
}

/**
 * Returns the commands for nft(8) that replace the loaded rules, in one transaction. They apply to frames
 * of every protocol, including ARP and IPv6; in `resolving` directions, address resolution passes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const dropped = [["a", "b"]] as const;
 * const rules = { closed: false, isolated: [], dropped, resolving: [], detours: [] };
 * assertEquals(bridgeRules(rules).split("\n").filter((line) => line.includes("drop")), [
 *   '    iifname "a" oifname "b" drop',
 * ]);
 * ```
 */
export function bridgeRules(rules: BridgeRules): string {
  const tables = [...between(rules), ...detours(rules.detours), ""].join("\n");
  return withoutTable("bridge", BRIDGE_TABLE) + withoutTable("netdev", DETOUR_TABLE) + tables;
}

/** Whether there are no rules to load. */
export function hasNoRules(rules: BridgeRules): boolean {
  const { closed, isolated, dropped, resolving, detours } = rules;
  return !closed && isolated.length + dropped.length + resolving.length + detours.length === 0;
}

/** RFC 826; RFC 4861, section 4. */
const RESOLUTION = [
  "ether type arp accept",
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  "drop",
];

function between({ closed, isolated, dropped, resolving, detours }: BridgeRules): string[] {
  const lines = [
    ...closed ? ["drop"] : [],
    ...isolated.flatMap((port) => [`iifname "${port}" drop`, `oifname "${port}" drop`]),
    ...dropped.map(([from, to]) => `iifname "${from}" oifname "${to}" drop`),
    ...resolving.flatMap(([from, to]) =>
      RESOLUTION.map((rule) => `iifname "${from}" oifname "${to}" ${rule}`)
    ),
    ...detours.filter(({ closing }) => !closing).map(({ from, to, number }) =>
      `iifname "${from}" oifname "${to}" meta mark set ${mark(number)}`
    ),
  ];
  if (lines.length === 0) return [];
  return table("bridge", BRIDGE_TABLE, [
    chain("forward", "type filter hook forward priority 0", lines),
  ]);
}

function detours(all: readonly DetourRule[]): string[] {
  if (all.length === 0) return [];
  const ports = [...new Set(all.filter(({ closing }) => !closing).map(({ to }) => to))];
  return table("netdev", DETOUR_TABLE, [
    ...ports.map((port, i) =>
      chain(
        `to${i}`,
        `type filter hook egress device "${port}" priority ${BEFORE_OTHERS}`,
        all.filter(({ to, closing }) => to === port && !closing).map(({ number, entry }) =>
          `meta mark ${mark(number)} fwd to "${entry}"`
        ),
      )
    ),
    ...all.map(({ number, exit, to }) =>
      chain(
        `from${number}`,
        `type filter hook ingress device "${exit}" priority 0`,
        ["meta mark set 0", `fwd to "${to}"`],
      )
    ),
  ]);
}

const mark = (number: number) => `0x${(FIRST_MARK + number).toString(16)}`;

const table = (family: string, name: string, chains: string[][]) => [
  `table ${family} ${name} {`,
  ...chains.flat().map((line) => `  ${line}`),
  "}",
];

const chain = (name: string, hook: string, lines: string[]) => [
  `chain ${name} {`,
  ...[`${hook};`, ...lines].map((line) => `  ${line}`),
  "}",
];
