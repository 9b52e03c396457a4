import type { LabEvent } from "../../events/types.ts";

/** Names that are keys of every JavaScript object: no node has one, and a record must not get one. */
const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isName = (value: unknown) => typeof value === "string" && !RESERVED.has(value);

const hasInterfaces = (value: unknown) =>
  isObject(value) && isName(value.name) && Array.isArray(value.interfaces) &&
  value.interfaces.every(isInterface);

const isInterface = (value: unknown) => isObject(value) && isName(value.name);

const isRegion = (value: unknown) => isObject(value) && isName(value.name) && isName(value.node);

/** What the fields of some kinds must be, so that the views can show the state after them. */
const FIELDS: Record<string, Record<string, (value: unknown) => boolean>> = {
  "router-added": { router: hasInterfaces },
  "device-added": { device: hasInterfaces },
  "vm-added": { vm: hasInterfaces },
  "bridge-added": { bridge: (value) => isObject(value) && isName(value.name) },
  "region-added": { region: isRegion },
  "region-linked": { link: isObject },
  "interface-added": { interface: isInterface },
  "interface-replugged": { interface: isInterface },
  "interface-changed": { interface: isInterface },
  "bridge-partitions-changed": {
    partitions: (value) =>
      isObject(value) &&
      [value.pairs, value.oneWay, value.isolated].every(Array.isArray),
  },
  "bridge-impairments-changed": {
    impairments: (value) => isObject(value) && Array.isArray(value.oneWay),
  },
  "command-started": { argv: Array.isArray },
  "fault-injected": { fault: isObject },
};

/** Fields that are names wherever they occur. */
const NAMES = ["name", "node", "router", "bridge", "member", "a", "b", "id", "schedule"];

/**
 * Returns what keeps a value from being an event that the views can use; undefined if nothing does. It is
 * less strict than the schemas of `events`, which would need zod in the page.
 */
export function shapeFault(value: unknown): string | undefined {
  if (!isObject(value)) return "it is not an object";
  const { version, seq, kind, elapsedMs } = value;
  if (version !== 1) return `it has version ${JSON.stringify(version)}, which is not known here`;
  if (typeof kind !== "string") return "it has no kind";
  if (!Number.isInteger(seq)) return "it has no number (seq)";
  if (typeof elapsedMs !== "number" || !Number.isFinite(elapsedMs)) return "it has no time";
  for (const name of NAMES) {
    const field = value[name];
    if (field === undefined || field === null || FIELDS[kind]?.[name]) continue;
    if (!isName(field)) return `${name} is not a name`;
  }
  for (const [name, fits] of Object.entries(FIELDS[kind] ?? {})) {
    if (!fits(value[name])) return `${name} is not as ${kind} has it`;
  }
  return undefined;
}

/** The node that an event is about; null for the whole lab. */
export function nodeOf(event: LabEvent): string | null {
  const fields = event as unknown as Record<string, unknown>;
  for (const name of ["node", "router", "member", "bridge"]) {
    if (typeof fields[name] === "string") return fields[name] as string;
  }
  const named = /^(?:router|device|vm|bridge)-|^link-(?:down|up)$/.test(event.kind);
  return named && typeof fields.name === "string" ? fields.name : null;
}
