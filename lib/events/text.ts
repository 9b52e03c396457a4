/** States and events in a few words, for drawings and logs. Conditions and modes may come from JSON. */

const KBIT_PER_MBIT = 1_000;
const KBIT_PER_GBIT = 1_000_000;

/** A bit rate, in the unit that reads best. */
export function rateText(kbit: number): string {
  if (kbit >= KBIT_PER_GBIT) return `${kbit / KBIT_PER_GBIT} Gbit/s`;
  return kbit >= KBIT_PER_MBIT ? `${kbit / KBIT_PER_MBIT} Mbit/s` : `${kbit} kbit/s`;
}

/** The fields of a condition, in the order in which they are printed. */
const CONDITION_FIELDS: readonly [name: string, text: (value: number) => string][] = [
  ["latencyMs", (ms) => `${ms} ms`],
  ["jitterMs", (ms) => `jitter ${ms} ms`],
  ["lossPct", (pct) => `loss ${pct} %`],
  ["rateKbit", rateText],
  ["reorderPct", (pct) => `reordered ${pct} %`],
  ["duplicatePct", (pct) => `duplicated ${pct} %`],
  ["corruptPct", (pct) => `corrupted ${pct} %`],
];

/**
 * A link condition: a preset's name, its limits, or each direction separately; `"none"` without one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(conditionText({ latencyMs: 40, rateKbit: 20_000 }), "40 ms, 20 Mbit/s");
 * assertEquals(conditionText({ up: "wifi", down: null }), "up wifi, down none");
 * ```
 */
export function conditionText(condition: unknown): string {
  if (typeof condition === "string") return condition;
  if (typeof condition !== "object" || condition === null) return "none";
  const values = condition as Record<string, unknown>;
  if ("up" in values || "down" in values) {
    return `up ${conditionText(values.up)}, down ${conditionText(values.down)}`;
  }
  const parts = CONDITION_FIELDS.flatMap(([name, text]) =>
    values[name] ? [text(Number(values[name]))] : []
  );
  return parts.join(", ") || "none";
}

/** A NAT or a firewall: a preset's name, or its properties. */
export function modeText(mode: unknown): string {
  if (typeof mode === "string") return mode;
  const parts = Object.entries(mode as object ?? {}).filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? `${name} {${modeText(value)}}`
        : `${name} ${Array.isArray(value) ? value.join("+") : value}`
    );
  return parts.length > 0 ? parts.join(" ") : "custom";
}

/** A value of a field: a word as it is, anything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s"={}]+$/.test(value) ? value : JSON.stringify(value);
}

/** Any fields as `name=value`, where nothing better is known of them. */
export function fieldsText(fields: Record<string, unknown>): string {
  return Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`).join(" ");
}

/** A command line as one would type it into a shell. */
export function commandText(argv: readonly string[]): string {
  return argv.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  ).join(" ");
}

/** An address and a port. */
export function socketText(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
