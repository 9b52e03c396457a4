import type { Command } from "../command.ts";
import { doctorCommand } from "./doctor.ts";
import { fmtLogCommand } from "./fmt_log.ts";
import { prepareCommand } from "./prepare.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  prepareCommand,
  fmtLogCommand,
  doctorCommand,
];
