import { type Command, defineCommand } from "../command.ts";
import { completionsCommand } from "./completions.ts";
import { doctorCommand } from "./doctor.ts";
import { fmtLogCommand } from "./fmt_log.ts";
import { inspectCommand } from "./inspect.ts";
import { mergeCommand } from "./merge.ts";
import { planCommand } from "./plan.ts";
import { prepareCommand } from "./prepare.ts";
import { runCommand } from "./run.ts";
import { runInCommand } from "./run_in.ts";
import { schemaCommand } from "./schema.ts";
import { shellCommand } from "./shell.ts";
import { topologyCommand } from "./topology.ts";

/**
 * All commands, in the order of the help, and where their functions are: those are loaded when they
 * are called.
 */
export const COMMANDS: readonly Command[] = [
  defineCommand({ ...runCommand, load: async () => (await import("../run.ts")).run }),
  defineCommand({ ...prepareCommand, load: async () => (await import("../prepare.ts")).prepare }),
  defineCommand({ ...planCommand, load: async () => (await import("../plan.ts")).plan }),
  defineCommand({ ...mergeCommand, load: async () => (await import("../merge.ts")).merge }),
  defineCommand({ ...inspectCommand, load: async () => (await import("../inspect.ts")).inspect }),
  defineCommand({ ...runInCommand, load: async () => (await import("../run_in.ts")).runIn }),
  defineCommand({ ...shellCommand, load: async () => (await import("../shell.ts")).shell }),
  defineCommand({
    ...topologyCommand,
    load: async () => (await import("../topology.ts")).topology,
  }),
  defineCommand({ ...fmtLogCommand, load: async () => (await import("../fmt_log.ts")).fmtLog }),
  defineCommand({ ...schemaCommand, load: async () => (await import("../schema.ts")).schema }),
  defineCommand({
    ...completionsCommand,
    load: async () => (await import("../completions.ts")).completions,
  }),
  defineCommand({ ...doctorCommand, load: async () => (await import("../doctor.ts")).doctor }),
];
