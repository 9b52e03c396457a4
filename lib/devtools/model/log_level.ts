/** The levels of log entries, from the least important on. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** A level of a log entry. */
export type LogLevel = typeof LOG_LEVELS[number];

/** The names that other programs use. */
const ALIASES: Record<string, LogLevel> = {
  warning: "warn",
  err: "error",
  critical: "fatal",
  panic: "fatal",
  dpanic: "fatal",
  notice: "info",
  silly: "trace",
  verbose: "debug",
};

/** pino and bunyan use multiples of ten: 10 is "trace". */
const STEP = 10;

/** Parses the level of a log entry: a word in any case, or a number of pino and bunyan. */
export function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === "number") {
    return LOG_LEVELS[Math.min(Math.max(Math.floor(value / STEP), 1), LOG_LEVELS.length) - 1];
  }
  if (typeof value !== "string") return undefined;
  // slog writes a level between two of its names as "INFO+2".
  const word = value.toLowerCase().replace(/[+-]\d+$/, "");
  return LOG_LEVELS.find((level) => level === word) ?? ALIASES[word];
}

/** Whether a level is at least as important as another. */
export function atLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
