import { type Command, defineCommand } from "./command/command.ts";
import { completionsCommand } from "./completions/completions_command.ts";
import { bisectCommand } from "./bundle/bisect_command.ts";
import { replayCommand } from "./bundle/replay_command.ts";
import { doctorCommand } from "./doctor_command.ts";
import { fmtLogCommand } from "./log/fmt_log_command.ts";
import { inspectCommand } from "./session/inspect_command.ts";
import { mergeCommand } from "./run/merge_command.ts";
import { planCommand } from "./run/plan_command.ts";
import { prepareCommand } from "./run/prepare_command.ts";
import { runCommand } from "./run/run_command.ts";
import { runInCommand } from "./session/run_in_command.ts";
import { schemaCommand } from "./schema_command.ts";
import { serveCommand, showCommand } from "./devtools/serve_command.ts";
import { shellCommand } from "./session/shell_command.ts";
import { topologyCommand } from "./session/topology_command.ts";

/**
 * All commands, in the order of the help. Their functions are loaded when they are called, so that the
 * help needs none of their modules.
 */
export const COMMANDS: readonly Command[] = [
  defineCommand({ ...runCommand, load: async () => (await import("./run/run.ts")).run }),
  defineCommand({
    ...prepareCommand,
    load: async () => (await import("./run/prepare.ts")).prepare,
  }),
  defineCommand({ ...planCommand, load: async () => (await import("./run/plan.ts")).plan }),
  defineCommand({ ...mergeCommand, load: async () => (await import("./run/merge.ts")).merge }),
  defineCommand({ ...serveCommand, load: async () => (await import("./devtools/serve.ts")).serve }),
  defineCommand({ ...showCommand, load: async () => (await import("./devtools/serve.ts")).show }),
  defineCommand({
    ...inspectCommand,
    load: async () => (await import("./session/inspect.ts")).inspect,
  }),
  defineCommand({ ...runInCommand, load: async () => (await import("./session/run_in.ts")).runIn }),
  defineCommand({ ...shellCommand, load: async () => (await import("./session/shell.ts")).shell }),
  defineCommand({
    ...topologyCommand,
    load: async () => (await import("./session/topology.ts")).topology,
  }),
  defineCommand({
    ...replayCommand,
    load: async () => (await import("./bundle/replay.ts")).replay,
  }),
  defineCommand({
    ...bisectCommand,
    load: async () => (await import("./bundle/bisect.ts")).bisect,
  }),
  defineCommand({ ...fmtLogCommand, load: async () => (await import("./log/fmt_log.ts")).fmtLog }),
  defineCommand({ ...schemaCommand, load: async () => (await import("./schema.ts")).schema }),
  defineCommand({
    ...completionsCommand,
    load: async () => (await import("./completions/completions.ts")).completions,
  }),
  defineCommand({ ...doctorCommand, load: async () => (await import("./doctor.ts")).doctor }),
];
