/**
 * Which test files run together, in which order, and how many at a time. Most tests wait for
 * packets more than they compute, so several of their files share a processor. Nothing here does I/O.
 */

/** Files that compare delays and rates with exact values: they run one by one, with nothing beside them. */
export const MEASURING = [
  "tests/link/condition_suite_test.ts",
];

/** The folder whose tests boot virtual machines. Without KVM each takes a processor for itself. */
export const MACHINES = "tests/vm/";

/**
 * The files that take longest, the longest first: each part begins with them, so that none runs
 * alone at its end. The runner prints the times by which to keep this list.
 */
export const LONGEST = [
  "tests/vm/tiny/tiny_test.ts",
  "tests/vm/lab/network_test.ts",
  "tests/vm/lab/life_test.ts",
  "tests/vm/lab/snapshot_test.ts",
  "tests/vm/lab/leftovers_test.ts",
  "tests/vm/examples_test.ts",
  "tests/vm/lab/cache_test.ts",
  "tests/vm/disk/disk_test.ts",
  "tests/vm/profile/profile_toml_test.ts",
  "tests/examples_test.ts",
  "tests/lab/fault/faults_test.ts",
  "tests/simulations_test.ts",
  "tests/lab/bridging/bridge_impairments_test.ts",
  "tests/nat/tcp_shared_test.ts",
  "tests/lab/link/black_hole_test.ts",
  "tests/lab/life/isolation_test.ts",
  "tests/lab/life/descriptors_test.ts",
  "tests/house/readme_test.ts",
];

/** How many test files share a processor when their tests mostly wait. */
const FILES_A_PROCESSOR = 2;

/** Test files that run together. */
export interface Part {
  name: "measuring" | "machines" | "others";
  /** In the order in which they start. */
  files: string[];
  /** How many run at a time. */
  jobs: number;
}

/** Divides test files into the parts that run one after the other; leaves out empty parts. */
export function schedule(files: string[], processors: number): Part[] {
  const partOf = (file: string): Part["name"] =>
    MEASURING.includes(file) ? "measuring" : file.startsWith(MACHINES) ? "machines" : "others";
  const rank = (file: string) => {
    const index = LONGEST.indexOf(file);
    return index < 0 ? LONGEST.length : index;
  };
  const jobs = { measuring: 1, others: processors * FILES_A_PROCESSOR, machines: processors };
  return (["measuring", "others", "machines"] as const)
    .map((name) => ({
      name,
      files: files.filter((file) => partOf(file) === name)
        .toSorted((a, b) => rank(a) - rank(b)),
      jobs: jobs[name],
    }))
    .filter(({ files }) => files.length > 0);
}
