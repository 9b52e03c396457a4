import type { Command } from "../command.ts";
import { completionsCommand } from "./completions.ts";
import { doctorCommand } from "./doctor.ts";
import { mergeCommand } from "./merge.ts";
import { planCommand } from "./plan.ts";
import { prepareCommand } from "./prepare.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  prepareCommand,
  planCommand,
  mergeCommand,
  schemaCommand,
  completionsCommand,
  doctorCommand,
];
