import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { changeText, factRows, partingRows } from "../../model/failure/compare.ts";
import { measuresOf, numberText, type ResultRow, resultRows } from "../../model/results.ts";
import { firstView } from "../../model/route.ts";
import type { RunInfo } from "../../model/types.ts";
import { useOtherRun } from "../data/other_run.ts";
import type { RunModel } from "../data/run_model.ts";
import type { RunsModel } from "../data/runs_model.ts";
import { readListed, type Source } from "../data/source.ts";
import { PartingList } from "../errors/parting_list.tsx";
import { compareHash, viewHash } from "../navigation.ts";
import { Status } from "../parts/status.tsx";
import { countText, dateText, durationText } from "../parts/words.ts";

/** Which runs are compared. */
export interface CompareViewProps {
  source: Source;
  runs: RunsModel;
  ids: readonly [string, string];
}

/** Two runs side by side: how they ended, where their events part, their results and facts. */
export function CompareView({ source, runs, ids: [idA, idB] }: CompareViewProps) {
  const a = useOtherRun(source, idA);
  const b = useOtherRun(source, idB);
  const problem = a?.error ?? b?.error;
  if (problem) {
    return (
      <div class="empty">
        <h2>These runs cannot be compared</h2>
        <p>{problem}</p>
      </div>
    );
  }
  const listed = (id: string) =>
    runs.answer?.invocations.flatMap(({ runs }) => runs).find((run) => run.id === id);
  const [infoA, infoB] = [listed(idA) ?? a?.info, listed(idB) ?? b?.info];
  if (!a || !b || !infoA || !infoB) return <div class="empty quiet">Loading…</div>;
  return (
    <div class="page compare">
      <div class="page-head">
        <h1>Two runs</h1>
        <p class="quiet">
          <a href={compareHash(idB, idA)}>Swap</a>
        </p>
      </div>
      <div class="pair">
        <Head name="A" info={infoA} run={a} />
        <Head name="B" info={infoB} run={b} other={infoA} />
      </div>
      <Events a={a} b={b} />
      <Results a={a} b={b} />
      <Facts a={infoA} b={infoB} />
    </div>
  );
}

interface HeadProps {
  name: string;
  info: RunInfo;
  run: RunModel;
  other?: RunInfo;
}

function Head({ name, info, run, other }: HeadProps) {
  const change = other && changeText(other.durationMs ?? undefined, info.durationMs ?? undefined);
  return (
    <section class="card" data-compared={name} aria-label={`Run ${name}`}>
      <div class="card-head">
        <span class="tag">{name}</span>
        <h2>
          <a href={viewHash(info.id, firstView(info))}>{info.label}</a>
        </h2>
        <Status status={info.status} why={info.why} />
      </div>
      <dl class="facts card-text">
        <dt>Started</dt>
        <dd>{dateText(info.startedAt) || "not known"}</dd>
        <dt>Duration</dt>
        <dd>
          {durationText(info.durationMs) || "not known"}
          {change && <span class={`change ${change.large ? "large" : ""}`}>{change.text}</span>}
        </dd>
        <dt>Events</dt>
        <dd>{run.loaded ? run.log.entries.length.toLocaleString("en-US") : "…"}</dd>
      </dl>
    </section>
  );
}

function Card({ title, note, children }: {
  title: string;
  note?: string;
  children?: ComponentChildren;
}) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {note && <span class="quiet">{note}</span>}
      </div>
      {children}
    </section>
  );
}

function Events({ a, b }: { a: RunModel; b: RunModel }) {
  const isReady = a.loaded && b.loaded;
  const rows = useMemo(
    () => isReady ? partingRows(a.log, b.log) : undefined,
    [isReady, a.log, b.log, a.log.entries.length, b.log.entries.length],
  );
  const note = !rows
    ? "The events are being read…"
    : rows.length === 0
    ? "The same events happened in both."
    : `The events of ${countText(rows.length, "node")} part.`;
  return (
    <Card title="Events" note={note}>
      {rows && rows.length > 0 && (
        <PartingList rows={rows} a={{ run: a, title: "A" }} b={{ run: b, title: "B" }} />
      )}
    </Card>
  );
}

function Results({ a, b }: { a: RunModel; b: RunModel }) {
  const [rowsA, rowsB] = [useResults(a), useResults(b)];
  const measures = measuresOf([...rowsA, ...rowsB]);
  if (measures.length === 0) return null;
  const steps = [...new Set([...rowsA, ...rowsB].map(({ step }) => step))];
  const cells = steps.flatMap((step) =>
    measures.map((measure) => {
      const [x, y] = [rowsA, rowsB].map((rows) =>
        rows.find((row) => row.step === step)?.[measure.key]
      );
      return { step, measure, x, y, change: changeText(x, y) };
    })
  ).filter(({ x, y }) => x !== undefined || y !== undefined);
  return (
    <Card title="Results">
      <div class="table-inner">
        <table>
          <thead>
            <tr>
              <th>Step</th>
              <th>Measure</th>
              <th class="num">A</th>
              <th class="num">B</th>
              <th class="num">Change</th>
            </tr>
          </thead>
          <tbody>
            {cells.map(({ step, measure: { key, title, unit }, x, y, change }) => (
              <tr key={`${step} ${key}`} data-measure={`${step} ${key}`}>
                <td class="mono">{step}</td>
                <td>
                  {title} <span class="quiet">{unit}</span>
                </td>
                <td class="num">{numberText(x, unit)}</td>
                <td class="num">{numberText(y, unit)}</td>
                <td class={`num change ${change?.large ? "large" : ""}`}>{change?.text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function useResults(run: RunModel): ResultRow[] {
  const [rows, setRows] = useState<ResultRow[]>([]);
  const { info } = run;
  useEffect(() => {
    let ended = false;
    readListed(run, "results.json").then((file) => {
      if (info && !ended) setRows(resultRows(info, file));
    });
    return () => {
      ended = true;
    };
  }, [run, info?.status]);
  return rows;
}

function Facts({ a, b }: { a: RunInfo; b: RunInfo }) {
  const rows = factRows(a, b).sort((x, y) => Number(y.differs) - Number(x.differs));
  if (rows.length === 0) return null;
  const differing = rows.filter(({ differs }) => differs).length;
  return (
    <Card
      title="Facts"
      note={differing === 0
        ? "All are the same."
        : `${countText(differing, "fact")} ${differing === 1 ? "differs" : "differ"}.`}
    >
      <div class="fact-rows">
        {rows.map(({ name, a, b, differs }) => (
          <div class={`fact-row ${differs ? "differs" : ""}`} key={name} data-fact={name}>
            <span class="quiet">{name}</span>
            {differs
              ? (
                <>
                  <span data-title="A">{a || "–"}</span>
                  <span data-title="B">{b || "–"}</span>
                </>
              )
              : <span class="both">{a}</span>}
          </div>
        ))}
      </div>
    </Card>
  );
}
