import type { EventKind, LabEvent } from "../../events/types.ts";
import { conditionText, modeText } from "../../drawing/facts.ts";
import type { LogLevel } from "../command/log_level.ts";
import type { LogRecord } from "./log_types.ts";

/** What an event is about, what it says, and how much it matters; by default it is info. */
type Telling = [target: string, message: string, level?: LogLevel];

/** What is about no single node. */
const LAB = "lab";

const TELL: { [K in EventKind]: (event: LabEvent<K>) => Telling } = {
  "lab-created": ({ label, seed }) => [
    LAB,
    `lab ${quoted(label)} created${seed === undefined ? "" : `, seed ${seed}`}`,
  ],
  "lab-closed": () => [LAB, "lab closed"],
  "router-added": ({ name, router }) => [
    name,
    `router added${router.upstream ? ` behind ${router.upstream}` : ""}${
      router.region ? ` in region ${router.region}` : ""
    }: ${
      [
        `NAT ${modeText(router.nat)}`,
        `firewall ${modeText(router.firewall)}`,
        router.uplinkIp,
        router.uplinkIp6,
      ].filter(Boolean).join(", ")
    }`,
  ],
  "router-removed": ({ name }) => [name, "router removed"],
  "region-added": ({ name, region }) => [region.node, `region ${name} added: ${region.cidr}`],
  "region-removed": ({ name }) => [LAB, `region ${name} removed`],
  "region-linked": ({ a, b, link }) => [
    LAB,
    `regions ${a} and ${b} linked: ${conditionText(link)}`,
  ],
  "region-unlinked": ({ a, b }) => [LAB, `regions ${a} and ${b} unlinked`],
  "region-link-broken": ({ a, b }) => [LAB, `link of regions ${a} and ${b} broken`],
  "region-link-restored": ({ a, b }) => [LAB, `link of regions ${a} and ${b} restored`],
  "vm-added": ({ name, vm }) => [
    name,
    `virtual machine added: ${vm.profile}, ${vm.memoryBytes / 2 ** 20}M, CPUs ${vm.cpus}`,
  ],
  "vm-removed": ({ name }) => [name, "virtual machine removed"],
  "vm-state-changed": ({ name, state, why }) => [
    name,
    `virtual machine is ${state}${because(why)}`,
    state === "failed" ? "error" : "info",
  ],
  "device-added": ({ name, device }) => [name, `device added${interfacesText(device.interfaces)}`],
  "device-removed": ({ name }) => [name, "device removed"],
  "bridge-added": ({ name, bridge }) => [name, `bridge added: ${bridge.cidr}, ${bridge.cidr6}`],
  "bridge-removed": ({ name }) => [name, "bridge removed"],
  "member-attached": (e) => [e.member, `attached to ${e.bridge} by ${e.interface}`],
  "member-detached": (e) => [e.member, `detached from ${e.bridge}, ${e.interface} is gone`],
  "member-disconnected": ({ bridge, member }) => [member, `disconnected from ${bridge}`],
  "member-reconnected": ({ bridge, member }) => [member, `reconnected to ${bridge}`],
  "bridge-partitions-changed": ({ bridge, partitions: { all, isolated, pairs, oneWay } }) => {
    const kept = [
      ...all ? ["everyone from everyone"] : [],
      ...isolated.map((name) => `${name} from everyone`),
      ...pairs.map(({ a, b }) => `${a} from ${b}`),
      ...oneWay.map(({ from, to }) => `${to} from what ${from} sends`),
    ];
    return [bridge, kept.length > 0 ? `kept apart: ${kept.join(", ")}` : "nobody is kept apart"];
  },
  "bridge-impairments-changed": ({ bridge, impairments: { oneWay, ...whole } }) => [
    bridge,
    [
      `impaired: ${bridgeText(whole)}`,
      ...oneWay.map(({ from, to, ...way }) => `${from} to ${to}: ${bridgeText(way)}`),
    ].join("; "),
  ],
  "bridges-routed": ({ a, b }) => [a, `routed to ${b}`],
  "bridges-unrouted": ({ a, b }) => [a, `no longer routed to ${b}`],
  "uplink-enabled": ({ bridge, ipv4, ipv6 }) => [
    bridge,
    `reaches what the host reaches by ${
      [ipv4 && "IPv4", ipv6 && "IPv6"].filter(Boolean).join(" and ")
    }`,
  ],
  "uplink-disabled": ({ bridge }) => [bridge, "reaches nothing beyond the lab any more"],
  "interface-added": (e) => [e.node, `interface added${interfacesText([e.interface])}`],
  "interface-removed": ({ node, name }) => [node, `interface ${name} removed`],
  "interface-replugged": ({ node, gateway, interface: iface }) => [
    node,
    `replugged into ${gateway}${interfacesText([iface])}`,
  ],
  "interface-changed": (e) => [e.node, `interface changed${interfacesText([e.interface])}`],
  "link-down": ({ node, name }) => [node, `${name} is down`],
  "link-up": ({ node, name }) => [node, `${name} is up`],
  "default-route-changed": ({ node, name }) => [node, `default route by ${name}`],
  "nat-changed": ({ router, nat }) => [router, `NAT is ${modeText(nat)}`],
  "nat-v6-changed": ({ router, natV6 }) => [router, `IPv6 translation is ${natV6}`],
  "prefix-delegated": ({ router, prefix, former }) => [
    router,
    prefix === null
      ? `has no IPv6 prefix delegated any more${former ? `, it was ${former}` : ""}`
      : `was delegated the IPv6 prefix ${prefix}${former ? ` instead of ${former}` : ""}`,
  ],
  "nat-flushed": ({ router }) => [router, "NAT mappings forgotten"],
  "firewall-changed": ({ router, firewall }) => [router, `firewall is ${modeText(firewall)}`],
  "ra-changed": ({ router, enabled, intervalSecs, lifetimeSecs }) => [
    router,
    enabled
      ? `advertises itself for ${lifetimeSecs} s, every ${intervalSecs} s`
      : "advertises no more",
  ],
  "icmp-frag-needed-blocked": ({ router, blocked }) => [
    router,
    blocked ? "is a path-MTU black hole" : "is no path-MTU black hole any more",
  ],
  "family-broken": ({ node, name, family, how }) => [
    node,
    `${name === null ? "" : `${name}: `}${FAMILY_NAMES[family]} ${
      how === null ? "works again" : `is broken (${how})`
    }`,
  ],
  "condition-changed": ({ node, name, direction, condition }) => [
    node,
    `condition of ${name}${direction === "both" ? "" : ` ${direction}`}: ${
      conditionText(condition)
    }`,
  ],
  "downlink-condition-changed": ({ router, condition }) => [
    router,
    `condition into its LAN: ${conditionText(condition)}`,
  ],
  "link-engine-failed": ({ error, ends }) => [
    LAB,
    `links have no condition any more (${ends.join(", ")}): ${error}`,
    "error",
  ],
  "translation-failed": ({ error, nodes }) => [
    LAB,
    `nothing is translated any more (${nodes.join(", ")}): ${error}`,
    "error",
  ],
  "fault-injected": ({ id, fault: { kind, ...rest } }) => [
    LAB,
    `fault ${id} injected: ${kind} ${pairsText(rest)}`.trimEnd(),
  ],
  "fault-healed": ({ id }) => [LAB, `fault ${id} healed`],
  "fault-failed": ({ id, error }) => [LAB, `fault ${id} failed: ${error}`, "error"],
  "schedule-step": ({ schedule, step, action, askedMs, actualMs, error }) => [
    LAB,
    `schedule ${schedule}, step ${step} at ${Math.round(actualMs)} ms ` +
    `(asked ${Math.round(askedMs)} ms): ${
      typeof action === "string" ? action : JSON.stringify(action)
    }${because(error)}`,
    error === null ? "info" : "error",
  ],
  "dns-entry": ({ node, name, ip }) => [node ?? LAB, `${name} is ${ip}`],
  "nameserver-changed": ({ ip }) => [LAB, `name server is ${ip}`],
  "command-started": ({ node, id, argv }) => [node, `${id} started: ${commandText(argv)}`],
  "command-ended": ({ node, id, code, signal }) => [
    node,
    `${id} ended with ${signal ?? `exit code ${code}`}`,
    code === 0 && signal === null ? "info" : "warn",
  ],
  "task-started": ({ node, id, module }) => [node, `${id} started: ${module}`],
  "task-ended": ({ node, id, error }) => [
    node,
    `${id} ended${because(error)}`,
    error === null ? "info" : "error",
  ],
  "thread-failed": ({ node, error }) => [node, `thread failed: ${error}`, "error"],
  "reflector-started": (
    { node, ip, port },
  ) => [node, `reflector answers at ${socketText(ip, port)}`],
  "reflector-stopped": (
    { node, ip, port },
  ) => [node, `reflector stopped at ${socketText(ip, port)}`],
  custom: ({ node, name, data }) => [
    node ?? LAB,
    data === null ? name : `${name} ${JSON.stringify(data)}`,
  ],
};

/**
 * The entry that an event of a lab is, as `events.jsonl` has it; undefined for other values. One of a
 * kind that this version does not know is shown with all that it has.
 */
export function eventRecord(json: Record<string, unknown>): LogRecord | undefined {
  const { version, seq, at, elapsedMs: _elapsedMs, kind, ...body } = json;
  const isEvent = typeof version === "number" && typeof seq === "number" &&
    typeof at === "string" && typeof kind === "string";
  if (!isEvent) return undefined;
  const [target, message, level = "info"] = tell(json, kind) ??
    [LAB, `${kind} ${pairsText(body)}`.trimEnd()];
  return { time: at, level, target, spans: [], message, fields: [] };
}

function tell(json: Record<string, unknown>, kind: string): Telling | undefined {
  if (!Object.hasOwn(TELL, kind)) return undefined;
  try {
    return (TELL as Record<string, (event: unknown) => Telling>)[kind](json);
  } catch (error) {
    // Of another version, it need not have all that this one expects.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const quoted = (text: string) => JSON.stringify(text);
const because = (why: string | null) => why === null ? "" : `: ${why}`;
const FAMILY_NAMES = { ipv4: "IPv4", ipv6: "IPv6" };

const socketText = (ip: string, port: number) =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;

function interfacesText(interfaces: readonly LabEvent<"interface-added">["interface"][]): string {
  const each = interfaces.map(({ name, ip, ip6, gateway }) =>
    [name, ip, ip6, gateway && `at ${gateway}`].filter(Boolean).join(" ")
  );
  return each.length > 0 ? `: ${each.join(", ")}` : "";
}

function bridgeText(
  { latencyMs, dropRatePct, bandwidthBps }: Record<
    "latencyMs" | "dropRatePct" | "bandwidthBps",
    number
  >,
): string {
  return conditionText({ latencyMs, lossPct: dropRatePct, rateKbit: bandwidthBps / 1000 });
}

function pairsText(values: Record<string, unknown>): string {
  return Object.entries(values).map(([name, value]) =>
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`
  ).join(" ");
}

/** A command line as a shell would take it. */
function commandText(argv: readonly string[]): string {
  return argv.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  )
    .join(" ");
}
