import defer * as z from "zod";

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** A time: milliseconds, or a number with its unit, such as `"500ms"`, `"1.5s"`, `"2m"`. */
export type Duration = number | string;

/** Returns the milliseconds of a duration that {@link durationSchema} accepts. */
export function milliseconds(duration: Duration): number {
  if (typeof duration === "number") return duration;
  const [, number, unit] = PATTERN.exec(duration)!;
  return Number(number) * UNITS[unit];
}

/** The schema of a {@linkcode Duration}. */
export const durationSchema: z.ZodCustom<Duration, Duration> = z.custom<Duration>(
  (value) =>
    typeof value === "number"
      ? Number.isFinite(value) && value >= 0
      : typeof value === "string" && PATTERN.test(value),
  { error: 'must be a time such as "500ms", "5s" or "2m", or milliseconds, at least 0' },
);
