/** How much an entry of a log matters, from the least on. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** One of them. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What other programs call them. */
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

/** pino and bunyan count in tens: 10 is "trace". */
const STEP = 10;

/** A level from what a log says: a word in any case, or a number of pino and bunyan. */
export function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === "number") {
    return LOG_LEVELS[Math.min(Math.max(Math.floor(value / STEP), 1), LOG_LEVELS.length) - 1];
  }
  if (typeof value !== "string") return undefined;
  // slog writes what is between two of its levels as "INFO+2".
  const word = value.toLowerCase().replace(/[+-]\d+$/, "");
  return LOG_LEVELS.find((level) => level === word) ?? ALIASES[word];
}

/** Whether an entry matters as much as asked. */
export function atLeast(level: LogLevel, asked: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(asked);
}
