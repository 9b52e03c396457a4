import { withoutTable } from "../../native/nftables.ts";

/** The rules of nftables for what passes between the ports of a Linux bridge, as text. */

/** The table of the `bridge` family that they are in. */
export const BRIDGE_TABLE = "netyard_bridge";
/** The table of the `netdev` family that sends what takes a detour on its way. */
export const DETOUR_TABLE = "netyard_detour";

/**
 * What takes a detour carries a mark: far from those of the link emulator (0x6e000000 and up), and
 * gone before the frame comes to anything of theirs.
 */
const FIRST_MARK = 0x6d00_0000;
/**
 * Before the rules by which the link emulator takes over what leaves by a port (priority 0): of what
 * takes a detour, it is to get what comes back.
 */
const BEFORE_OTHERS = -100;

/** A detour for what comes in by one port and leaves by another: a veth pair that can be impaired. */
export interface DetourRule {
  /** By which it is told from the others of the namespace. */
  number: number;
  /** The name of the port by which it comes. */
  from: string;
  /** The name of the port by which it leaves. */
  to: string;
  /** The end of the pair that it is sent by. */
  entry: string;
  /** The end that it comes out of. */
  exit: string;
  /** Whether it is only there for what is on it still. */
  closing?: boolean;
}

/** What is between the ports of a bridge. What goes to the gateway, or comes from it, is free. */
export interface BridgeRules {
  /** Nothing passes between any two ports. */
  closed: boolean;
  /** Ports that nothing passes. */
  isolated: readonly string[];
  /** Ways that nothing passes, by the names of the ports. */
  dropped: readonly (readonly [from: string, to: string])[];
  detours: readonly DetourRule[];
}

/**
 * The commands for nft(8) that put rules in place of those that were loaded before, in one
 * transaction. Frames of every protocol are meant, ARP and IPv6 among them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const rules = { closed: false, isolated: [], dropped: [["a", "b"]] as const, detours: [] };
 * assertEquals(bridgeRules(rules).split("\n").filter((line) => line.includes("drop")), [
 *   '    iifname "a" oifname "b" drop',
 * ]);
 * ```
 */
export function bridgeRules(rules: BridgeRules): string {
  const tables = [...between(rules), ...detours(rules.detours), ""].join("\n");
  return withoutTable("bridge", BRIDGE_TABLE) + withoutTable("netdev", DETOUR_TABLE) + tables;
}

/** Whether there is nothing to load. */
export function isFree({ closed, isolated, dropped, detours }: BridgeRules): boolean {
  return !closed && isolated.length + dropped.length + detours.length === 0;
}

function between({ closed, isolated, dropped, detours }: BridgeRules): string[] {
  const lines = [
    ...closed ? ["drop"] : [],
    ...isolated.flatMap((port) => [`iifname "${port}" drop`, `oifname "${port}" drop`]),
    ...dropped.map(([from, to]) => `iifname "${from}" oifname "${to}" drop`),
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
