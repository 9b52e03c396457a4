import { useMemo } from "preact/hooks";
import { lastPassed, partingRows } from "../../model/failure/compare.ts";
import type { RunInfo } from "../../model/types.ts";
import type { RunModel } from "../data/run_model.ts";
import { useOtherRun } from "../data/other_run.ts";
import type { RunsModel } from "../data/runs_model.ts";
import { compareHash, viewHash } from "../navigation.ts";
import { dateText } from "../parts/words.ts";
import { PartingList } from "./parting_list.tsx";

/** What differs from the last run of the same that passed. */
export function DifferenceCard({ run, runs }: { run: RunModel; runs: RunsModel }) {
  const all = runs.answer?.invocations.flatMap(({ runs }) => runs) ?? [];
  const passed = run.info && lastPassed(run.info, all);
  return (
    <section class="card" aria-label="Difference">
      <div class="card-head">
        <h2>What differs from the last run that passed</h2>
        {passed && (
          <div class="links">
            <a class="button" href={compareHash(passed.id, run.id)}>Compare</a>
          </div>
        )}
      </div>
      {passed
        ? <Difference key={passed.id} run={run} passed={passed} />
        : (
          <p class="card-text quiet">
            {runs.answer
              ? "No run of the same that passed is kept here. One with an outDir would be."
              : "Looking for runs…"}
          </p>
        )}
    </section>
  );
}

function Difference({ run, passed }: { run: RunModel; passed: RunInfo }) {
  const other = useOtherRun(run.source, passed.id);
  const isReady = run.loaded && other?.loaded === true;
  const rows = useMemo(
    () => isReady ? partingRows(other.log, run.log) : undefined,
    [isReady, other, run.log, run.log.entries.length],
  );
  if (other?.error) return <p class="card-text quiet">It cannot be read: {other.error}</p>;
  return (
    <>
      <p class="card-text quiet">
        <a href={viewHash(passed.id, "topology")} data-passed={passed.id}>{passed.label}</a>
        {" of "}
        {dateText(passed.startedAt) || passed.id}
        {rows?.length === 0 && ": up to the failure, the same events happened in both."}
        {!rows && " is being read…"}
      </p>
      {rows && rows.length > 0 && other && (
        <PartingList
          rows={rows}
          a={{ run: other, title: "The run that passed" }}
          b={{ run, title: "This run" }}
        />
      )}
    </>
  );
}
