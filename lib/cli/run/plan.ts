import { githubMatrix, planShards, type ShardPlan } from "../../sim/shard/plan.ts";
import { kubernetesJob } from "../../sim/shard/kubernetes.ts";
import { type Invocation, UsageError } from "../command/command.ts";
import type { PLAN_OPTIONS } from "./plan_command.ts";
import { select } from "../command/select.ts";
import { REAL_TOOLS, type SimulationTools } from "./simulation_tools.ts";

type PlanInvocation = Invocation<typeof PLAN_OPTIONS>;

/**
 * The command `netyard plan`: prints which part runs which simulations.
 *
 * @param tools tests replace them
 * @returns the exit code, 0
 */
export async function plan(
  { options, arguments: files, stdout }: PlanInvocation,
  tools: Pick<SimulationTools, "load"> = REAL_TOOLS,
): Promise<number> {
  checkFormat(options);
  const { filter, shards, format } = options;
  const planned = planShards(select(await tools.load(files), filter), { shards });
  switch (format) {
    case "text":
      stdout.write(planText(planned));
      break;
    case "json":
      stdout.line(JSON.stringify(planned, null, 2));
      break;
    case "github":
      stdout.line(`matrix=${githubMatrix(planned)}`);
      break;
    case "k8s":
      stdout.write(await kubernetesJob(planned, kubernetesOptions(options, files)));
  }
  return 0;
}

const KUBERNETES_OPTIONS = ["image", "jobName", "parallelism", "claim"] as const;

function checkFormat(options: PlanInvocation["options"]): void {
  const { format, image, arg } = options;
  if (format === "k8s" && image === undefined) {
    throw new UsageError(
      "netyard plan: --format k8s needs --image, a container image with netyard",
    );
  }
  const given = KUBERNETES_OPTIONS.some((name) => options[name] !== undefined) || arg.length > 0;
  if (format !== "k8s" && given) {
    throw new UsageError(
      "netyard plan: --image, --job-name, --parallelism, --claim and --arg need --format k8s",
    );
  }
}

function kubernetesOptions(options: PlanInvocation["options"], files: readonly string[]) {
  const { image, jobName, parallelism, claim, arg, filter } = options;
  // The shards divide the filtered simulations, so each pod needs the same filter.
  const args = filter ? [`--filter=${filter.text}`, ...arg] : arg;
  return { image: image!, name: jobName, parallelism, claim, args, files };
}

function planText({ shards }: ShardPlan): string {
  return shards.map(({ shard, simulations }) =>
    `--shard ${shard}\n${simulations.map((name) => `  ${name}\n`).join("")}`
  ).join("");
}
