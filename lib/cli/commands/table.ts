import { type Command, defineCommand } from "../command.ts";
import { completionsCommand } from "./completions.ts";
import { doctorCommand } from "./doctor.ts";
import { mergeCommand } from "./merge.ts";
import { planCommand } from "./plan.ts";
import { prepareCommand } from "./prepare.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";

/**
 * All commands, in the order of the help, and where their functions are: those are loaded when they
 * are called.
 */
export const COMMANDS: readonly Command[] = [
  defineCommand({ ...runCommand, load: async () => (await import("../run.ts")).run }),
  defineCommand({ ...prepareCommand, load: async () => (await import("../prepare.ts")).prepare }),
  defineCommand({ ...planCommand, load: async () => (await import("../plan.ts")).plan }),
  defineCommand({ ...mergeCommand, load: async () => (await import("../merge.ts")).merge }),
  defineCommand({ ...schemaCommand, load: async () => (await import("../schema.ts")).schema }),
  defineCommand({
    ...completionsCommand,
    load: async () => (await import("../completions.ts")).completions,
  }),
  defineCommand({ ...doctorCommand, load: async () => (await import("../doctor.ts")).doctor }),
];
