import type { ShardPlan } from "./plan.ts";
import { PlanError } from "./errors.ts";

/** The options of a Job for a plan. */
export interface KubernetesOptions {
  /** The image with Netyard and the simulations. */
  image: string;
  /** The Job's name, a DNS label. Default `"netyard"`. */
  name?: string;
  /** The planned files and directories, by their paths in the image. */
  files: readonly string[];
  /** The command before `run`. Default `["netyard"]`. */
  command?: readonly string[];
  /** Further arguments, such as `["--jobs", "2"]`. */
  args?: readonly string[];
  /** How many shards run at the same time. Default: all. */
  parallelism?: number;
  /** How often a failed shard is repeated. Default 0, as repeating does not make a simulation pass. */
  retries?: number;
  /**
   * The PersistentVolumeClaim for the results, which all pods must be able to write. Default: a directory
   * that is removed with its pod.
   */
  claim?: string;
  /**
   * Capabilities in place of a privileged pod. Labs need at least NET_ADMIN and SYS_ADMIN; /proc/sys must
   * then be writable and /dev/net/tun accessible by other means.
   */
  capabilities?: readonly string[];
}

/** The directory for the results in a pod. */
const WORK_DIR = "/results";

/**
 * Returns a plan as an Indexed Job of Kubernetes: YAML for `kubectl apply -f -`. Each shard is a pod, and
 * writes to `/results/shard-N`; `netyard merge` merges these.
 *
 * @throws {PlanError} A name is not valid in Kubernetes, or there are no files.
 */
export async function kubernetesJob(plan: ShardPlan, options: KubernetesOptions): Promise<string> {
  const { Document } = await import("yaml");
  const document = new Document(job(plan, options), { aliasDuplicateObjects: false });
  document.commentBefore = " The shards' results are joined by: netyard merge /results/shard-*";
  return document.toString({ lineWidth: 0 });
}

/** Returns the Job as an object. */
export function job(plan: ShardPlan, options: KubernetesOptions): Record<string, unknown> {
  const { image, name = "netyard", claim, capabilities, retries = 0 } = options;
  const count = plan.shards.length;
  const { parallelism = count } = options;
  // A pod's host name is the Job's, a hyphen and the index.
  checkLabel("name", name, 63 - 1 - String(count - 1).length);
  if (claim !== undefined) checkSubdomain("claim", claim);
  if (!/^\S+$/.test(image)) {
    throw new PlanError(`the image ${JSON.stringify(image)} is not the name of an image`);
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
      // A failed shard must not end the others, so the limit is per shard. Kubernetes before 1.29 has
      // only the limit of the whole Job, which is never reached this way either.
      backoffLimitPerIndex: retries,
      backoffLimit: count * (retries + 1),
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          // No part of a lab uses the API of the cluster, and programs in it must not be able to.
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

/** Returns the script of each pod for sh(1); Kubernetes sets JOB_COMPLETION_INDEX, counted from 0. */
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

/** Quotes a word for sh(1), and `$` for Kubernetes, which expands `$(VARIABLE)` and reads `$$` as `$`. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll("$", "$$$$")}'`;
}

function checkLabel(what: string, name: string, most: number): void {
  if (name.length <= most && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return;
  const near = safe(name).slice(0, most).replace(/-+$/, "") || "netyard";
  throw new PlanError(
    `the ${what} ${
      JSON.stringify(name)
    } must be a DNS label: lower-case letters, digits and hyphens, ` +
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
    } must be the name of a PersistentVolumeClaim: lower-case letters, ` +
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
