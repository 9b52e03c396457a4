import type { LogLevel } from "../command/log_level.ts";

/** One entry of a log. */
export interface LogRecord {
  /** As it was written; a number became ISO 8601. */
  time?: string;
  level?: LogLevel;
  /** What it is about: a module, a logger, a node. */
  target?: string;
  /** What the program was at, from the outermost on. */
  spans: LogSpan[];
  message: string;
  fields: [name: string, value: unknown][];
}

/** A part of a program's work, with what it is about. */
export interface LogSpan {
  name: string;
  fields: [name: string, value: unknown][];
}
