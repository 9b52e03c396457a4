import type { ShardPlan } from "./plan.ts";
import { PlanError } from "./errors.ts";

/** How a plan becomes a Job. */
export interface KubernetesOptions {
  /** The image that has Netyard, and the simulations. */
  image: string;
  /** The Job's name, a DNS label. Default `"netyard"`. */
  name?: string;
  /** The files and directories that were planned, as they are called in the image. */
  files: readonly string[];
  /** What stands before `run`. Default `["netyard"]`. */
  command?: readonly string[];
  /** Further arguments, such as `["--jobs", "2"]`. */
  args?: readonly string[];
  /** How many shards run at a time. Default: all. */
  parallelism?: number;
  /** How often a shard is tried again. Default 0: a simulation that fails is not made to pass by that. */
  retries?: number;
  /**
   * The PersistentVolumeClaim that takes the results, which all pods must be able to write. Default: a
   * directory that goes with its pod.
   */
  claim?: string;
  /**
   * Capabilities in place of a privileged pod. Labs need NET_ADMIN and SYS_ADMIN at least, and then
   * /proc/sys and /dev/net/tun must be theirs by other means.
   */
  capabilities?: readonly string[];
}

/** Where the results go in a pod. */
const WORK_DIR = "/results";

/**
 * A plan as an Indexed Job of Kubernetes: YAML for `kubectl apply -f -`. Each shard is a pod, and writes
 * to `/results/shard-N`; `netyard merge` of these joins them.
 *
 * @throws {PlanError} A name that Kubernetes would refuse, or no files.
 */
export async function kubernetesJob(plan: ShardPlan, options: KubernetesOptions): Promise<string> {
  const { Document } = await import("yaml");
  const document = new Document(job(plan, options), { aliasDuplicateObjects: false });
  document.commentBefore = " The shards' results are joined by: netyard merge /results/shard-*";
  return document.toString({ lineWidth: 0 });
}

/** The Job as an object. */
export function job(plan: ShardPlan, options: KubernetesOptions): Record<string, unknown> {
  const { image, name = "netyard", claim, capabilities, retries = 0 } = options;
  const count = plan.shards.length;
  const { parallelism = count } = options;
  // A pod's host name is the Job's, a hyphen and the index.
  checkLabel("name", name, 63 - 1 - String(count - 1).length);
  if (claim !== undefined) checkSubdomain("claim", claim);
  if (!/^\S+$/.test(image)) {
    throw new PlanError(`the image ${JSON.stringify(image)} is no name of one`);
  }
  checkCount("parallelism", parallelism, 1);
  checkCount("retries", retries, 0);
  const labels = { "app.kubernetes.io/name": "netyard", "app.kubernetes.io/instance": name };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: {
      completionMode: "Indexed",
      completions: count,
      parallelism: Math.min(parallelism, count),
      // One shard that fails must not end the others, so the limit is each one's own. Kubernetes
      // before 1.29 knows but the limit of all, which is never reached this way either.
      backoffLimitPerIndex: retries,
      backoffLimit: count * (retries + 1),
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          // Nothing in a lab speaks to the cluster, and what runs in it is not to be able to.
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          containers: [{
            name: "netyard",
            image,
            command: ["sh", "-c", script(count, options)],
            securityContext: {
              runAsUser: 0,
              ...capabilities ? { capabilities: { add: [...capabilities] } } : { privileged: true },
            },
            volumeMounts: [{ name: "work", mountPath: WORK_DIR }],
          }],
          volumes: [{
            name: "work",
            ...claim === undefined
              ? { emptyDir: {} }
              : { persistentVolumeClaim: { claimName: claim } },
          }],
        },
      },
    },
  };
}

/** What sh(1) runs in each pod; Kubernetes sets JOB_COMPLETION_INDEX, which counts from 0. */
function script(count: number, options: KubernetesOptions): string {
  const { files, command = ["netyard"], args = [] } = options;
  if (files.length === 0) {
    throw new PlanError("the Job has no files to run; name those in the image");
  }
  const paths = files.map((file) => file.startsWith("-") ? `./${file}` : file);
  const shard = "$((JOB_COMPLETION_INDEX + 1))";
  return [
    "exec",
    ...command.map(quoted),
    "run",
    ...[...paths, ...args].map(quoted),
    `--shard "${shard}/${count}"`,
    `--work-dir "${WORK_DIR}/shard-${shard}"`,
  ].join(" ");
}

/** A word for sh(1), in which Kubernetes too finds no `$(VARIABLE)`; it makes one `$` of `$$`. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll("$", "$$$$")}'`;
}

function checkLabel(what: string, name: string, most: number): void {
  if (name.length <= most && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return;
  const near = safe(name).slice(0, most).replace(/-+$/, "") || "netyard";
  throw new PlanError(
    `the ${what} ${JSON.stringify(name)} must be a DNS label: small letters, digits and hyphens, ` +
      `a letter first, at most ${most} characters; "${near}" is one`,
  );
}

function checkSubdomain(what: string, name: string): void {
  if (
    name.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  ) {
    return;
  }
  throw new PlanError(
    `the ${what} ${
      JSON.stringify(name)
    } must be the name of a PersistentVolumeClaim: small letters, ` +
      "digits, hyphens and dots",
  );
}

function safe(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+/, "");
}

function checkCount(what: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new PlanError(`"${what}" is ${value}, but must be a whole number from ${least} on`);
}
