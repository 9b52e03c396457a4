import type { InjectedFault } from "../../bundle/bundle_info.ts";
import { type Bundle, BundleError, readBundle } from "../../bundle/read_bundle.ts";
import { temporary } from "../../files/temporary.ts";
import { durationSchema, milliseconds } from "../../options/duration.ts";
import { faultsText } from "../../record/only_faults.ts";
import { showTime } from "../../sim/values/numbers.ts";
import { type Invocation, UsageError } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { printable } from "../command/printable.ts";
import type { BISECT_OPTIONS } from "./bisect_command.ts";
import { minimize } from "./minimize.ts";
import { isConfirmed, type RanAgain, rerunOf, runAgain } from "./run_again.ts";
import { scheduleScript, scheduleToml } from "./schedule_text.ts";

/** The longest time that setTimeout() accepts. */
const MAX_MS = 2 ** 31 - 1;
/** A run that takes so many times as long as the one with all faults, and a bit, does not end. */
const PATIENCE = 3;
const PATIENCE_MS = 30_000;

/**
 * The command `netyard bisect-faults`: finds the smallest set of faults that still fails.
 *
 * @returns 0 if it was found
 */
export async function bisect(
  { options, arguments: [path], line, stdout }: Invocation<typeof BISECT_OPTIONS>,
): Promise<number> {
  const bundle = await readBundle(path);
  const { schedule } = bundle.info;
  if (schedule.length === 0) {
    throw new BundleError(`${path}: no fault was injected before the failure`);
  }
  const ms = durationSchema.safeParse(options.timeout).success ? milliseconds(options.timeout) : 0;
  if (!(ms > 0)) {
    throw new UsageError(
      `netyard bisect-faults: --timeout is ${
        JSON.stringify(options.timeout)
      }, but must be a time ` +
        "such as 90s or 30m",
    );
  }
  const directory = await Deno.makeTempDir({ dir: temporary(), prefix: "netyard-bisect-" });
  try {
    const places = { runs: `${directory}/runs`, failures: `${directory}/failures` };
    const rerun = rerunOf(bundle, line, places);
    if (!isConfirmed("bisect-faults", bundle, rerun, { yes: options.yes, stdout })) return 1;
    const search = new Search(bundle, { stdout, line, directory, ...options, timeoutMs: ms });
    return await search.run(schedule.map(({ id }) => id), path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface SearchOptions {
  stdout: Output;
  /** The command line of this process. */
  line: readonly string[];
  /** For the runs and their bundles. */
  directory: string;
  maxRuns: number;
  timeoutMs: number;
  verbose: boolean;
}

class Search {
  #bundle: Bundle;
  #options: SearchOptions;
  #runs = 0;
  #endsAt: number;
  /** How long one run may take. */
  #patienceMs = Infinity;

  constructor(bundle: Bundle, options: SearchOptions) {
    this.#bundle = bundle;
    this.#options = options;
    this.#endsAt = performance.now() + options.timeoutMs;
  }

  async run(ids: string[], path: string): Promise<number> {
    const begin = performance.now();
    const again = await this.#fails(ids);
    if (again !== true) {
      this.#say(again === undefined ? this.#ended() : "It did not fail again with all faults.");
      return 1;
    }
    this.#patienceMs = PATIENCE * (performance.now() - begin) + PATIENCE_MS;
    const without = await this.#fails([]);
    if (without !== false) {
      this.#say(without ? "It fails without any fault, too." : this.#ended());
      return 1;
    }
    const { smallest, isMinimal } = await minimize(ids, (part) => this.#fails(part));
    const { info } = this.#bundle;
    const faults = info.schedule.filter(({ id }) => smallest.includes(id));
    this.#say("");
    this.#say(isMinimal ? foundText(faults, this.#runs) : this.#ended());
    if (!isMinimal) this.#say(`Until then, these are left: ${smallest.join(", ")}`);
    this.#say(`To run it with them: NETYARD_FAULTS=${faultsText(smallest)} netyard replay ${path}`);
    this.#say("");
    const text = info.failed.kind === "simulation" ? scheduleToml(faults) : scheduleScript(faults);
    for (const line of text.trimEnd().split("\n")) this.#say(line);
    return isMinimal ? 0 : 1;
  }

  /** Runs it with some faults. Undefined: there may be no more runs. */
  async #fails(ids: string[]): Promise<boolean | undefined> {
    const { directory, maxRuns, line, verbose } = this.#options;
    const leftMs = this.#endsAt - performance.now();
    if (this.#runs >= maxRuns || leftMs <= 0) return undefined;
    const number = ++this.#runs;
    const places = { runs: `${directory}/runs-${number}`, failures: `${directory}/${number}` };
    await Deno.mkdir(places.runs);
    const begin = performance.now();
    const rerun = rerunOf(this.#bundle, line, { ...places, faults: ids });
    const timeoutMs = Math.min(leftMs, this.#patienceMs, MAX_MS);
    const ran = await runAgain(this.#bundle, rerun, places, { quiet: !verbose, timeoutMs });
    const [fails, how] = resultOf(this.#bundle, ran);
    const what = ids.length === this.#bundle.info.schedule.length
      ? `all ${ids.length} faults`
      : ids.join(", ") || "no fault";
    this.#say(`run ${number}, ${what}: ${how} (${showTime(performance.now() - begin)})`);
    await Promise.all(
      Object.values(places).map((path) => Deno.remove(path, { recursive: true }).catch(() => {})),
    );
    // A run that the end of the search has cut short says nothing.
    return ran.timedOut && timeoutMs === leftMs ? undefined : fails;
  }

  #ended(): string {
    const { maxRuns, timeoutMs } = this.#options;
    return this.#runs >= maxRuns
      ? `The search ended after ${maxRuns} runs (--max-runs).`
      : `The search ended after ${showTime(timeoutMs)} (--timeout).`;
  }

  #say(text: string): void {
    this.#options.stdout.line(printable(text, false));
  }
}

function foundText(faults: readonly InjectedFault[], runs: number): string {
  const ids = faults.map(({ id }) => id).join(", ");
  return `The smallest set of faults that fails so, after ${runs} runs: ${ids}`;
}

/** Whether a run failed as the first one did, and in words how it ended. */
function resultOf(
  { info: { error: before } }: Bundle,
  { passed, timedOut, bundle }: RanAgain,
): [fails: boolean, how: string] {
  if (passed) return [false, "passed"];
  if (timedOut) return [false, "took too long"];
  const after = bundle?.info.error;
  if (after === undefined) return [false, "failed before its lab could be recorded"];
  if (isSame(before, after)) return [true, "failed, with the same error"];
  return [false, `failed, with another error: ${after.message.split("\n")[0]}`];
}

type ErrorText = Pick<Bundle["info"]["error"], "name" | "message">;

/** Whether errors are the same, apart from what was measured. */
export function isSame(one: ErrorText, other: ErrorText): boolean {
  const shape = ({ name, message }: ErrorText) =>
    `${name}: ${message.replace(/\d+(\.\d+)?/g, "0")}`;
  return shape(one) === shape(other);
}
