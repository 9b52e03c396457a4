import { useEffect, useState } from "preact/hooks";
import { type Failure, failureCount, failureOf } from "../../model/failure/failure.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import type { RunsModel } from "../data/runs_model.ts";
import { readListed } from "../data/source.ts";
import { DifferenceCard } from "../errors/difference_card.tsx";
import { ErrorCard } from "../errors/error_card.tsx";
import { MomentCards } from "../errors/moment_card.tsx";
import { CopyLine } from "../parts/copy_line.tsx";

/** Why a run failed: the error, the moment, what differs from a run that passed, and how to run it again. */
export function ErrorsView({ run, runs }: { run: RunModel; runs: RunsModel }) {
  useObserved(run);
  const failure = useFailure(run, runs.answer?.root ?? "");
  if (failure === undefined) return <div class="empty quiet">Loading…</div>;
  if (failure === null) {
    return (
      <div class="empty">
        <h2>No error is recorded</h2>
        <p>
          {run.info?.why ?? (run.live
            ? "The run is in progress, and nothing has failed so far."
            : "Nothing that this run recorded failed.")}
        </p>
      </div>
    );
  }
  const count = failureCount(run.log);
  const { kind, name, file, error, reasons, facts, command, replay } = failure;
  return (
    <div class="page errors">
      <div class="page-head">
        <h1>{name ?? run.info?.label ?? "Error"}</h1>
        {kind && <p class="quiet">{kind === "test" ? "test" : "script"}</p>}
        {file && <p class="quiet mono">{file}</p>}
      </div>
      {reasons.length > 0 && (
        <section class="card slow" aria-label="Verdict">
          <div class="card-head">
            <h2>Inconclusive: the host was too slow to tell why</h2>
          </div>
          <ul class="card-text">
            {reasons.map((reason) => <li key={reason}>{reason}</li>)}
          </ul>
        </section>
      )}
      {error && <ErrorCard error={error} />}
      <MomentCards run={run} count={count} />
      <DifferenceCard run={run} runs={runs} />
      <section class="card" aria-label="Facts">
        <div class="card-head">
          <h2>{replay.length > 0 ? "Run it again" : "How it was run"}</h2>
        </div>
        {replay.map(({ what, command }) => <CopyLine key={what} what={what} text={command} />)}
        {command && <CopyLine what="The command line of this run" text={command} />}
        <dl class="facts card-text">
          {facts.map(([name, value]) => (
            <>
              <dt key={name}>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </section>
    </div>
  );
}

/** Why the run failed; undefined while it is read, null if it did not. */
function useFailure(run: RunModel, root: string): Failure | null | undefined {
  const [failure, setFailure] = useState<Failure | null>();
  const paths = run.files.map(({ path }) => path).filter((path) => path.endsWith(".json")).join();
  useEffect(() => {
    if (!run.info) return;
    let ended = false;
    const read = async () => {
      const file = await readListed(run, "run.json");
      const bundle = await readListed(run, "bundle.json");
      const name = run.id === "." ? root : run.id.split("/").at(-1);
      if (!ended) setFailure(failureOf(file, bundle, name));
    };
    read();
    return () => {
      ended = true;
    };
  }, [run, root, paths, run.info?.status, run.info?.error]);
  return failure;
}
