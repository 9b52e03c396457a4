/** Parses a number as JSON and programs write it; returns undefined if the text is not one. */
export function number(text: string | null): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** Formats a number for a table: two decimals, one from 1000 on, three significant digits below 1. */
export function show(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(1);
  if (size >= 1 || size === 0) return value.toFixed(2);
  return String(Number(value.toPrecision(3)));
}

/** Formats a time: `850 ms`, `12.3 s`, `2 m 05 s`. */
export function showTime(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
}
