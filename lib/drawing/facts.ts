/** What is drawn of a node or a link, in a few words. Conditions and modes may come from JSON. */

const KBIT_A_MBIT = 1_000;
const KBIT_A_GBIT = 1_000_000;

/** A bit rate, in the unit that reads best. */
export function rateText(kbit: number): string {
  if (kbit >= KBIT_A_GBIT) return `${kbit / KBIT_A_GBIT} Gbit/s`;
  return kbit >= KBIT_A_MBIT ? `${kbit / KBIT_A_MBIT} Mbit/s` : `${kbit} kbit/s`;
}

/** The fields of a condition, in the order in which they are told. */
const FIELDS: readonly [name: string, text: (value: number) => string][] = [
  ["latencyMs", (ms) => `${ms} ms`],
  ["jitterMs", (ms) => `jitter ${ms} ms`],
  ["lossPct", (pct) => `loss ${pct} %`],
  ["rateKbit", rateText],
  ["reorderPct", (pct) => `reordered ${pct} %`],
  ["duplicatePct", (pct) => `doubled ${pct} %`],
  ["corruptPct", (pct) => `corrupt ${pct} %`],
];

/**
 * How bad a link is: a preset's name, its limits, or each direction apart; `"none"` where it is not.
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
  const parts = FIELDS.flatMap(([name, text]) => values[name] ? [text(Number(values[name]))] : []);
  return parts.join(", ") || "none";
}

/** What a NAT or a firewall is: a preset's name, or its properties. */
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
