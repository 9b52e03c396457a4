import { useState } from "preact/hooks";
import { firstView, routeHash } from "../../model/route.ts";
import { BAD_STATUSES } from "../../model/status.ts";
import type { Invocation, RunInfo } from "../../model/types.ts";
import { useObserved } from "../data/observed.ts";
import type { RunsModel } from "../data/runs_model.ts";
import { compareHash, go, useKeys, useNavigation, viewHash } from "../navigation.ts";
import { SearchField } from "../parts/search_field.tsx";
import { Status } from "../parts/status.tsx";
import { countText, dateText, durationText } from "../parts/words.ts";

/** Runs of an invocation that are shown before the reader asks for all. */
const FEW = 50;

/** The list of runs, by invocation. */
export function RunsView({ runs }: { runs: RunsModel }) {
  useObserved(runs);
  const { route, set } = useNavigation();
  const { q = "", status = "" } = route.options;
  const { answer, error } = runs;
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (answer?.invocations ?? []).flatMap((invocation) => {
    const found = invocation.runs.filter((run) => fits(run, invocation, words, status));
    return found.length > 0 || (words.length === 0 && status === "" && invocation.runs.length === 0)
      ? [{ ...invocation, runs: found }]
      : [];
  });
  const all = answer?.invocations.flatMap(({ runs }) => runs) ?? [];
  const failing = all.filter(({ status }) => BAD_STATUSES.includes(status)).length;
  const running = all.filter(({ status }) => status === "running").length;
  const [selected, select] = useState(-1);
  // Runs that were chosen to be compared; null while none are being chosen.
  const [picked, pick] = useState<string[] | null>(null);
  const toggle = (id: string) => {
    const next = picked!.includes(id) ? picked!.filter((each) => each !== id) : [...picked!, id];
    if (next.length < 2) return pick(next);
    const start = (id: string) => all.find((run) => run.id === id)?.startedAt ?? "";
    const [a, b] = next.toSorted((a, b) => start(a).localeCompare(start(b)));
    go(compareHash(a, b));
  };
  const visible = shown.flatMap(({ runs }) => runs).filter(({ hasEvents }) => hasEvents);
  useKeys((key) => {
    if (key === "ArrowDown") select(Math.min(selected + 1, visible.length - 1));
    else if (key === "ArrowUp") select(Math.max(selected - 1, 0));
    else if (key === "Escape" && picked) pick(null);
    else if (key === "c" && visible.length > 1) pick(picked ? null : []);
    else if ((key === "Enter" || key === " ") && picked && visible[selected]) {
      toggle(visible[selected].id);
    } else if (key === "Enter" && visible[selected]) {
      go(viewHash(visible[selected].id, firstView(visible[selected])));
    } else return false;
    return true;
  });
  return (
    <div class="page">
      <div class="page-head">
        <h1>Runs</h1>
        <p class="quiet">
          {answer ? countText(all.length, "run") : "Looking for runs…"}
          {answer && (
            <span>
              {" in "}
              <span class="mono">{answer.root}</span>
            </span>
          )}
        </p>
      </div>
      <div class="toolbar">
        <SearchField
          value={q}
          placeholder="Search label, command, matrix"
          onChange={(q) => set({ q }, true)}
        />
        <div class="segments" role="group" aria-label="Status">
          {[["", "All"], ["bad", `Failed ${failing}`], ["running", `Running ${running}`]].map((
            [value, text],
          ) => (
            <button
              key={value}
              type="button"
              aria-pressed={status === value}
              onClick={() => set({ status: value }, true)}
            >
              {text}
            </button>
          ))}
        </div>
        {visible.length > 1 && (
          <button
            type="button"
            class="button compare-button"
            aria-pressed={picked !== null}
            onClick={() => pick(picked ? null : [])}
            title="Compare two runs (c)"
          >
            {picked ? picked.length === 0 ? "Choose two runs" : "Choose another run" : "Compare"}
          </button>
        )}
      </div>
      {error && <div class="notice" role="status">{error}</div>}
      {answer?.problems.map((problem) => <div class="notice" key={problem}>{problem}</div>)}
      {answer && all.length === 0 && (
        <div class="empty">
          <h2>No runs here yet</h2>
          <p>
            A lab with an <code>outDir</code>, and{" "}
            <code>netyard run</code>, write what happens in them to a folder. This page shows them
            as soon as they begin.
          </p>
        </div>
      )}
      {answer && all.length > 0 && shown.length === 0 && (
        <div class="empty">
          <h2>No run matches</h2>
        </div>
      )}
      {shown.map((invocation) => (
        <Group
          key={invocation.id}
          invocation={invocation}
          selected={visible[selected]?.id}
          picked={picked}
          onPick={toggle}
        />
      ))}
    </div>
  );
}

interface GroupProps {
  invocation: Invocation;
  selected?: string;
  picked: string[] | null;
  onPick(id: string): void;
}

function Group({ invocation, selected, picked, onPick }: GroupProps) {
  const [all, showAll] = useState(false);
  const { id, kind, title, status, startedAt, durationMs, runs, problems } = invocation;
  const shown = all ? runs : runs.slice(0, FEW);
  return (
    <section class="group" data-invocation={id}>
      <div class="group-head">
        <Status status={status} />
        <h2 title={title}>{title}</h2>
        {kind === "simulations" && (
          <a
            class="button"
            href={routeHash({ run: null, invocation: id, view: "results", options: {} })}
          >
            Results
          </a>
        )}
        <span class="quiet num">{countText(runs.length, "run")}</span>
        <span class="quiet num took">{durationText(durationMs)}</span>
        <span class="quiet num when">{dateText(startedAt)}</span>
      </div>
      {problems.map((problem) => <div class="notice" key={problem}>{problem}</div>)}
      <ul class="run-list">
        {shown.map((run) => (
          <Row
            key={run.id}
            run={run}
            selected={run.id === selected}
            picked={picked && picked.includes(run.id)}
            onPick={() => onPick(run.id)}
          />
        ))}
      </ul>
      {shown.length < runs.length && (
        <button
          type="button"
          class="more"
          onClick={() => showAll(true)}
        >
          Show {runs.length - shown.length} more
        </button>
      )}
    </section>
  );
}

interface RowProps {
  run: RunInfo;
  selected: boolean;
  /** Whether it was chosen to be compared; null while none are being chosen. */
  picked: boolean | null;
  onPick(): void;
}

function Row({ run, selected, picked, onPick }: RowProps) {
  const { id, label, status, why, variant, error, verdict, reasons, durationMs, startedAt } = run;
  const content = (
    <>
      <Status status={status} why={why} />
      <span class="run-label">
        <span class="name">{label}</span>
        {Object.entries(variant).map(([axis, value]) => (
          <span class="tag" key={axis} title={axis}>{value}</span>
        ))}
        {run.isBundle && <span class="tag" title="The record of a failure">bundle</span>}
        {verdict === "inconclusive" && status !== "inconclusive" && (
          <span class="tag warn" title={reasons.join("\n")}>inconclusive</span>
        )}
        {(error ?? why) && <span class="run-why">{error ?? why}</span>}
      </span>
      <span class="num quiet">{durationText(durationMs)}</span>
      <span class="num quiet when">{dateText(startedAt)}</span>
    </>
  );
  const className = `run ${selected ? "selected" : ""}`;
  return (
    <li>
      {run.hasEvents && picked !== null
        ? (
          <button
            type="button"
            class={`${className} pick`}
            aria-pressed={picked}
            data-run={id}
            onClick={onPick}
          >
            <i class="pick-mark" />
            {content}
          </button>
        )
        : run.hasEvents
        ? <a class={className} href={viewHash(id, firstView(run))} data-run={id}>{content}</a>
        : <span class={`${className} dim`} data-run={id}>{content}</span>}
    </li>
  );
}

function fits(run: RunInfo, { title }: Invocation, words: string[], status: string): boolean {
  if (status === "bad" && !BAD_STATUSES.includes(run.status)) return false;
  if (status === "running" && run.status !== "running") return false;
  const text = [run.label, run.id, title, run.status, run.error, ...Object.values(run.variant)]
    .join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}
