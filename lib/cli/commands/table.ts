import type { Command } from "../command.ts";
import { doctorCommand } from "./doctor.ts";
import { prepareCommand } from "./prepare.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  prepareCommand,
  doctorCommand,
];
