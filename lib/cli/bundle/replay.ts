import { type Bundle, readBundle } from "../../bundle/read_bundle.ts";
import { compareRuns } from "../../events/compare.ts";
import type { LabEvent } from "../../events/types.ts";
import { temporary } from "../../files/temporary.ts";
import type { Invocation } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { printable } from "../command/printable.ts";
import { replayText } from "./replay_text.ts";
import type { REPLAY_OPTIONS } from "./replay_command.ts";
import { isConfirmed, type RanAgain, rerunOf, runAgain } from "./run_again.ts";

/**
 * The command `netyard replay`: runs the test or simulation of a bundle again, and compares what happened.
 *
 * @returns 0 if it passed, 1 if it failed
 */
export async function replay(
  { options, arguments: [path], line, stdout }: Invocation<typeof REPLAY_OPTIONS>,
): Promise<number> {
  const bundle = await readBundle(path);
  const runs = await Deno.makeTempDir({ dir: temporary(), prefix: "netyard-replay-" });
  try {
    const rerun = rerunOf(bundle, line, { runs });
    if (!isConfirmed("replay", bundle, rerun, { yes: options.yes, stdout })) return 1;
    const ran = await runAgain(bundle, rerun, { runs });
    report(stdout, bundle, ran);
    return ran.passed ? 0 : 1;
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

function report(
  stdout: Output,
  { info, events }: Bundle,
  { passed, bundle, events: now }: RanAgain,
): void {
  stdout.line();
  const text = replayText({
    kind: info.failed.kind,
    passed,
    before: info.error,
    after: bundle?.info.error,
    partings: now && compareRuns(withoutEnd(events), withoutEnd(now)),
  });
  for (const line of text) stdout.line(printable(line, false));
}

/** Events from the failure on are left out: those of closing the lab, which come in any order. */
function withoutEnd(events: LabEvent[]): LabEvent[] {
  const end = events.findIndex((event) =>
    event.kind === "lab-closed" ||
    event.kind === "custom" && /^(test|simulation)-failed$/.test(event.name)
  );
  return end < 0 ? events : events.slice(0, end);
}
