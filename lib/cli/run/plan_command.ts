import type { Declaration } from "../command/command.ts";
import { FILTER, PROJECT_SIMULATIONS, wholeNumber } from "../command/simulation_options.ts";

/** The options of {@linkcode planCommand}. */
export const PLAN_OPTIONS = [
  {
    long: "shards",
    value: "N",
    read: wholeNumber(1),
    what: "number of parts; default: one for each simulation, at most 256",
  },
  {
    long: "format",
    value: "FORMAT",
    choices: ["text", "json", "github", "k8s"],
    default: "text",
    what: "output format; github is a matrix for GitHub Actions, k8s an Indexed Job for Kubernetes",
  },
  FILTER,
  {
    long: "image",
    value: "IMAGE",
    what: "k8s: the container image with netyard and the simulations",
  },
  { long: "job-name", value: "NAME", what: "k8s: the name of the Job; default: netyard" },
  {
    long: "parallelism",
    value: "N",
    read: wholeNumber(1),
    what: "k8s: run this many parts at the same time; default: all",
  },
  {
    long: "claim",
    value: "NAME",
    what: "k8s: the PersistentVolumeClaim for the results",
  },
  {
    long: "arg",
    value: "ARGUMENT",
    many: true,
    what: "k8s: an additional argument of `netyard run`, such as --arg=--jobs=2",
  },
] as const;

/** `netyard plan`. */
export const planCommand: Declaration<typeof PLAN_OPTIONS> = {
  name: "plan",
  summary: "divide simulations among several machines, for CI or Kubernetes",
  description: `Divides simulations into parts, one for each machine. There, \
\`netyard run --shard K/N\` runs one part of the same files. Then \`netyard merge\` joins the \
results.`,
  arguments: [PROJECT_SIMULATIONS],
  options: PLAN_OPTIONS,
  examples: [
    { command: "netyard plan sims --shards 4", what: "show which part runs which simulations" },
    {
      command: 'netyard plan sims --shards 8 --format github >> "$GITHUB_OUTPUT"',
      what:
        "write matrix=..., for a job with strategy.matrix: ${{ fromJSON(needs.X.outputs.matrix) }}",
    },
    {
      command: "netyard plan sims --shards 8 --format k8s --image registry/sims --claim results",
      what: "print a Job for `kubectl apply -f -`",
    },
  ],
  exitCodes: [[0, "the plan was printed"], [2, "wrong options or files"]],
};
