import type { InjectedFault } from "../../bundle/bundle_info.ts";

/**
 * Faults as a schedule to paste into a script: times count from the first of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const fault = { kind: "link-down", node: "phone", interface: "wlan0" };
 * assertEquals(
 *   scheduleScript([{ id: "f1", atMs: 40, healedMs: 90, fault }]),
 *   `lab.schedule([
 *   { at: "0ms", do: { kind: "link-down", node: "phone", interface: "wlan0" }, for: "50ms" },
 * ]);`,
 * );
 * ```
 */
export function scheduleScript(faults: readonly InjectedFault[]): string {
  const first = faults[0]?.atMs ?? 0;
  const lines = faults.map(({ atMs, healedMs, fault }) => {
    const until = healedMs === null ? "" : `, for: "${healedMs - atMs}ms"`;
    return `  { at: "${atMs - first}ms", do: ${script(fault)}${until} },`;
  });
  return ["lab.schedule([", ...lines, "]);"].join("\n");
}

function script(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(script).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) =>
    `${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${script(member)}`
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/**
 * Faults of a simulation as steps of its file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const fault = { action: "set-link-condition", device: "phone", condition: { latencyMs: 5 } };
 * assertEquals(
 *   scheduleToml([{ id: "slow", atMs: 40, healedMs: null, fault }]),
 *   `[[step]]
 * action = "set-link-condition"
 * id = "slow"
 * device = "phone"
 * condition = { latency_ms = 5 }
 * `,
 * );
 * ```
 */
export function scheduleToml(faults: readonly InjectedFault[]): string {
  return faults.map(({ id, fault: { action, ...values } }) => {
    const pairs = Object.entries({ action, id, ...values })
      // TOML has no null: a condition that is left out is none.
      .filter(([, value]) => value !== null && value !== undefined);
    return `[[step]]\n${
      pairs.map(([key, value]) => `${tomlKey(key)} = ${toml(value)}\n`).join("")
    }`;
  }).join("\n");
}

function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).filter(([, member]) => member !== null);
  return `{ ${pairs.map(([key, member]) => `${tomlKey(key)} = ${toml(member)}`).join(", ")} }`;
}

/** Keys of files have underscores. */
function tomlKey(key: string): string {
  const written = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return /^[\w-]+$/.test(written) ? written : JSON.stringify(written);
}
