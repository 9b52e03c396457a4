import { recordingOf } from "../lab/recording/entry.ts";
import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";
import { environmentVariable } from "../options/environment.ts";
import { ON_FAILURE, RECORD_VARIABLE, type RecordOptions } from "../record/options.ts";
import type { Verdict } from "../record/verdict.ts";
import { InconclusiveError } from "./inconclusive.ts";

/** The options of a {@link labTest}. */
export interface LabTestOptions extends LabOptions {
  /** The options of `Deno.test`, except the name and the function. */
  test?: Omit<Deno.TestDefinition, "name" | "fn">;
  /**
   * How often a test that fails is repeated, with a new lab, if the failure is inconclusive. Others are
   * never repeated. Default 0.
   */
  retries?: number;
  /**
   * What is recorded: as {@linkcode LabOptions.record}, or `"on-failure"`, which records as `"full"` does,
   * with the newest 4 MiB of packets of each interface and 32 MiB in all, and keeps the record if the test
   * fails: a directory and a zip file with the error and its source, a drawing of the topology, all events,
   * the packets, the programs' output, the seed and the versions. The message of the error
   * says where it is: in the directory that the environment variable `NETYARD_FAILURES` names, or in
   * `.netyard-work/failures`, where the newest 20 stay. The record of a test that passes is removed.
   * Default: the environment variable `NETYARD_RECORD`.
   */
  record?: RecordOptions | "on-failure";
}

/** The function of a {@link labTest}. */
export type LabTestFunction = (lab: Lab, t: Deno.TestContext) => void | Promise<void>;

/**
 * Registers a `Deno.test` with its own lab, which is closed when the function ends, even by an error. Labs are
 * isolated from each other, so tests can run in parallel.
 *
 * If the function throws and `lab.verdict` is inconclusive, since the host was too slow, the test fails
 * with an {@link InconclusiveError} that has the reasons, and the error as its cause.
 *
 * @example
 * ```ts ignore
 * import { labTest } from "@netyard/netyard/testing";
 * import { assertEquals } from "@std/assert";
 *
 * labTest("a laptop behind a home NAT reaches the server", async (lab) => {
 *   const dc = await lab.addRouter("dc", { preset: "public" });
 *   const home = await lab.addRouter("home", { preset: "home" });
 *   const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
 *   const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
 *   const ping = await laptop.command("ping", { args: ["-c", "1", server.ip!] }).output();
 *   assertEquals(ping.code, 0);
 * });
 * ```
 */
export function labTest(name: string, fn: LabTestFunction): void;
/** Registers the test with options for the lab and the test. */
export function labTest(name: string, options: LabTestOptions, fn: LabTestFunction): void;
export function labTest(
  name: string,
  optionsOrFn: LabTestOptions | LabTestFunction,
  maybeFn?: LabTestFunction,
): void {
  const [options, fn] = typeof optionsOrFn === "function"
    ? [{}, optionsOrFn]
    : [optionsOrFn, maybeFn];
  if (typeof fn !== "function") {
    throw new TypeError(`labTest("${name}") takes a function as its last argument`);
  }
  const { test, retries = 0, ...labOptions } = options;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError(`labTest("${name}"): retries is ${retries}, but must be 0, 1, 2, ...`);
  }
  Deno.test({
    ...test,
    name,
    async fn(t) {
      for (let attempt = 1;; attempt++) {
        try {
          return await runInLab({ label: labelOf(name), ...labOptions }, fn, t, attempt);
        } catch (error) {
          if (!(error instanceof InconclusiveError) || attempt > retries) throw error;
          console.error(`${error.message}\nIt runs again (${attempt} of ${retries}).`);
        }
      }
    },
  });
}

/** Runs the function of a test in a lab of its own. */
async function runInLab(
  { record, ...options }: LabOptions,
  fn: LabTestFunction,
  t: Deno.TestContext,
  attempt: number,
): Promise<void> {
  const test = { file: fileOf(t.origin), name: t.name };
  const use = async (lab: Lab) => {
    recordingOf(lab)?.about(test);
    await fn(lab, t);
  };
  const conclude = (error: unknown, verdict: Verdict) =>
    verdict.kind === "ok" ? error : new InconclusiveError(t.name, verdict, error, attempt);
  if ((record ?? environmentVariable(RECORD_VARIABLE)) === ON_FAILURE) {
    // Loaded for this alone.
    const { recorded } = await import("./recorded.ts");
    return await recorded({ kind: "test", ...test }, options, use, conclude);
  }
  await using lab = await Lab.create({ ...options, record });
  try {
    await use(lab);
  } catch (error) {
    await recordingOf(lab)?.failed(error);
    throw conclude(error, lab.verdict);
  }
}

/** The path of a module, or its URL if it is not a file. */
function fileOf(origin: string): string {
  return origin.startsWith("file:") ? decodeURIComponent(new URL(origin).pathname) : origin;
}

function labelOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) ||
    "test";
}
