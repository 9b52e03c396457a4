import type { Declaration } from "../command/command.ts";
import { FILTER, PROJECT_SIMULATIONS, wholeNumber } from "../command/simulation_options.ts";

/** The options of {@linkcode planCommand}. */
export const PLAN_OPTIONS = [
  {
    long: "shards",
    value: "N",
    read: wholeNumber(1),
    what: "how many parts to make; without it, one for each simulation, at most 256",
  },
  {
    long: "format",
    value: "FORMAT",
    choices: ["text", "json", "github", "k8s"],
    default: "text",
    what: "github: a matrix of GitHub Actions; k8s: an Indexed Job of Kubernetes",
  },
  FILTER,
  { long: "image", value: "IMAGE", what: "k8s: the image with netyard and the simulations" },
  { long: "job-name", value: "NAME", what: "k8s: what the Job is called; without it, netyard" },
  {
    long: "parallelism",
    value: "N",
    read: wholeNumber(1),
    what: "k8s: how many parts run at a time; without it, all",
  },
  {
    long: "claim",
    value: "NAME",
    what: "k8s: the PersistentVolumeClaim that takes the results",
  },
  {
    long: "arg",
    value: "ARGUMENT",
    many: true,
    what: "k8s: a further argument of `netyard run` there, such as --arg=--jobs=2",
  },
] as const;

/** `netyard plan`. */
export const planCommand: Declaration<typeof PLAN_OPTIONS> = {
  name: "plan",
  summary: "deal simulations out to several machines, for CI or Kubernetes",
  description: `Deals simulations out to parts, each for a machine of its own, where \
\`netyard run --shard K/N\` runs one part of the same files. Afterwards \`netyard merge\` joins the \
results.`,
  arguments: [PROJECT_SIMULATIONS],
  options: PLAN_OPTIONS,
  examples: [
    { command: "netyard plan sims --shards 4", what: "see which part runs what" },
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
  exitCodes: [[0, "it is printed"], [2, "wrong options or files"]],
};
