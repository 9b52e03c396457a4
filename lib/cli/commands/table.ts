import type { Command } from "../command.ts";
import { doctorCommand } from "./doctor.ts";
import { fmtLogCommand } from "./fmt_log.ts";
import { inspectCommand } from "./inspect.ts";
import { prepareCommand } from "./prepare.ts";
import { runInCommand } from "./run_in.ts";
import { shellCommand } from "./shell.ts";
import { topologyCommand } from "./topology.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  prepareCommand,
  inspectCommand,
  runInCommand,
  shellCommand,
  topologyCommand,
  fmtLogCommand,
  doctorCommand,
];
