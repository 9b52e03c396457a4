import { useEffect, useState } from "preact/hooks";
import {
  axesOf,
  matrixChart,
  type Measure,
  measuresOf,
  numberText,
  type ResultRow,
  resultRows,
} from "../../model/results.ts";
import { firstView } from "../../model/route.ts";
import type { Invocation } from "../../model/types.ts";
import type { RunModel } from "../data/run_model.ts";
import { readJson, type Source } from "../data/source.ts";
import { useNavigation, viewHash } from "../navigation.ts";
import { BarChart } from "../parts/bar_chart.tsx";
import { LinkTable } from "../parts/link_table.tsx";
import { Status } from "../parts/status.tsx";
import { countText, durationText } from "../parts/words.ts";

/** What results are shown of. */
export interface ResultsViewProps {
  source: Source;
  invocation: Invocation | undefined;
  /** Whether the list of runs is here. */
  loaded: boolean;
  /** The run whose links are shown. */
  run?: RunModel;
}

/**
 * The results of the simulations of one command: a table, and a chart over an axis of the matrix. Of a run:
 * its links, beside what was requested.
 */
export function ResultsView({ source, invocation, loaded, run }: ResultsViewProps) {
  const { route, set } = useNavigation();
  const rows = useRows(source, invocation?.kind === "simulations" ? invocation : undefined);
  if (run && invocation?.kind !== "simulations") {
    return (
      <div class="page">
        <LinkTable rows={run.counters.links.rows()} />
      </div>
    );
  }
  if (!invocation) {
    return loaded
      ? (
        <div class="empty">
          <h2>There are no such simulations</h2>
        </div>
      )
      : <div class="empty quiet">Loading…</div>;
  }
  const measures = measuresOf(rows);
  const axes = axesOf(invocation);
  const measure = measures.find(({ key }) => key === route.options.measure) ?? measures[0];
  const axis = axes.includes(route.options.axis) ? route.options.axis : axes[0] ?? null;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Results</h1>
        <p class="quiet">{countText(invocation.runs.length, "simulation")}</p>
      </div>
      {measure && rows.length > 1 && (
        <section class="card">
          <div class="toolbar">
            <div class="segments" role="group" aria-label="Measure">
              {measures.map(({ key, title }) => (
                <button
                  key={key}
                  type="button"
                  aria-pressed={key === measure.key}
                  onClick={() => set({ measure: key }, true)}
                >
                  {title}
                </button>
              ))}
            </div>
            {axes.length > 1 && (
              <div class="segments" role="group" aria-label="Axis">
                {axes.map((name) => (
                  <button
                    key={name}
                    type="button"
                    aria-pressed={name === axis}
                    onClick={() => set({ axis: name }, true)}
                  >
                    {name}
                  </button>
                ))}
              </div>
            )}
          </div>
          <BarChart chart={matrixChart(rows, measure.key, axis)} unit={measure.unit} />
        </section>
      )}
      <Table rows={rows} measures={measures} axes={axes} marked={route.run} />
      {run && <LinkTable rows={run.counters.links.rows()} />}
    </div>
  );
}

interface TableProps {
  rows: ResultRow[];
  measures: Measure[];
  axes: string[];
  marked: string | null;
}

function Table({ rows, measures, axes, marked }: TableProps) {
  const hasSteps = rows.some(({ step }) => step !== null);
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            <th>Simulation</th>
            <th>Status</th>
            {axes.map((axis) => <th key={axis}>{axis}</th>)}
            {hasSteps && <th>Step</th>}
            {measures.map(({ key, title, unit }) => (
              <th key={key} class="num">
                {title} <span class="unit">{unit}</span>
              </th>
            ))}
            <th class="num">Took</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={`${row.run.id} ${row.step}`}
              class={row.run.id === marked ? "selected" : ""}
              data-result={row.run.label}
            >
              <td>
                {row.run.hasEvents
                  ? <a href={viewHash(row.run.id, firstView(row.run))}>{row.run.label}</a>
                  : row.run.label}
              </td>
              <td>
                <Status status={row.run.status} why={row.run.why} />
              </td>
              {axes.map((axis) => <td key={axis}>{row.run.variant[axis]}</td>)}
              {hasSteps && <td class="mono">{row.step}</td>}
              {measures.map(({ key, unit }) => (
                <td key={key} class="num">{numberText(row[key], unit)}</td>
              ))}
              <td class="num quiet">{durationText(row.run.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How many files are read at the same time. */
const AT_ONCE = 8;

function useRows(source: Source, invocation: Invocation | undefined): ResultRow[] {
  const [rows, setRows] = useState<ResultRow[]>([]);
  const version = invocation?.runs.map(({ id, status }) => `${id} ${status}`).join();
  useEffect(() => {
    if (!invocation) return;
    let ended = false;
    const read = async () => {
      const { runs } = invocation;
      const all: ResultRow[][] = [];
      const worker = async (from: number) => {
        for (let i = from; i < runs.length && !ended; i += AT_ONCE) {
          const file = runs[i].hasEvents
            ? await readJson(source, runs[i].id, "results.json")
            : undefined;
          all[i] = resultRows(runs[i], file);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => worker(i)));
      if (!ended) setRows(all.flat());
    };
    read();
    return () => {
      ended = true;
    };
  }, [source, invocation?.id, version]);
  return rows;
}
