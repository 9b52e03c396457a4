const MAX_LABEL = 64;

/**
 * The name of a run's directory: `20260102-030405-678-hello`, in UTC, so that names sort by time.
 * Characters of the label that are not safe in file names and URLs are replaced; the default label is `lab`.
 *
 * @example
 * ```ts
 * console.log(runName("NAT: hole punching", new Date(0))); // 19700101-000000-000-NAT-hole-punching
 * ```
 */
export function runName(label: string | undefined, now: Date): string {
  const [date, time, ms] = now.toISOString().replace(/[-:Z]/g, "").split(/[T.]/);
  const safe = (label ?? "").normalize("NFKD").replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, MAX_LABEL).replace(/^[-.]+|[-.]+$/g, "");
  return `${date}-${time}-${ms}-${safe || "lab"}`;
}
