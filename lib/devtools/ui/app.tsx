import { useEffect, useMemo, useState } from "preact/hooks";
import { firstView, type View, VIEWS } from "../model/route.ts";
import { RunModel } from "./data/run_model.ts";
import { RunsModel } from "./data/runs_model.ts";
import { useObserved } from "./data/observed.ts";
import type { Source } from "./data/source.ts";
import { go, NavigationContext, useKeys, useRoute, viewHash } from "./navigation.ts";
import { Boundary } from "./parts/boundary.tsx";
import { Mark, Status } from "./parts/status.tsx";
import { CompareView } from "./views/compare_view.tsx";
import { ErrorsView } from "./views/errors_view.tsx";
import { EventsView } from "./views/events_view.tsx";
import { LogsView } from "./views/logs_view.tsx";
import { PacketsView } from "./views/packets_view.tsx";
import { ResultsView } from "./views/results_view.tsx";
import { RunsView } from "./views/runs_view.tsx";
import { TimelineView } from "./views/timeline_view.tsx";
import { TopologyView } from "./views/topology_view.tsx";

const TITLES: Record<View, string> = {
  topology: "Topology",
  timeline: "Timeline",
  events: "Events",
  logs: "Logs",
  packets: "Packets",
  results: "Results",
  errors: "Errors",
};

/** The frame of the page: the header, the navigation, and the view. */
export function App({ source }: { source: Source }) {
  const navigation = useRoute();
  const { route } = navigation;
  const runs = useMemo(() => new RunsModel(source), [source]);
  useEffect(() => runs.start(), [runs]);
  useObserved(runs);
  const run = useRun(source, route.run);
  useObserved(run);

  useOnlyRun(source, runs);

  const invocation = runs.answer?.invocations.find(({ id, runs }) =>
    route.invocation === null ? runs.some(({ id }) => id === route.run) : id === route.invocation
  );
  const hasResults = invocation?.kind === "simulations" || run?.counters.links.isEmpty === false;
  const shown = VIEWS.filter((view) => view !== "results" || hasResults);
  useKeys((key) => {
    const view = shown[Number(key) - 1];
    if (route.run !== null && view) go(viewHash(route.run, view, kept(route.options)));
    if (key === "0") go("#/");
    if (key === "/") {
      const field = document.querySelector<HTMLElement>("[data-search]");
      field?.focus();
      return field !== null;
    }
  });

  const title = run?.info?.label ?? (invocation && route.invocation ? "Results" : undefined);
  useEffect(() => {
    document.title = title ? `${title} · Netyard` : "Netyard";
  }, [title]);

  return (
    <NavigationContext.Provider value={navigation}>
      <header class="top">
        <a class="brand" href="#/" title="All runs (0)">
          <Mark />
          <span>Netyard</span>
        </a>
        {route.run !== null && (
          <div class="crumb">
            <span class="crumb-name" title={run?.info?.label ?? route.run}>
              {run?.info?.label ?? route.run}
            </span>
            {run?.info && <Status status={run.info.status} why={run.info.why} />}
            {run?.info?.verdict === "inconclusive" && run.info.status !== "inconclusive" && (
              <span class="tag warn" title={run.info.reasons.join("\n")}>inconclusive</span>
            )}
          </div>
        )}
        {route.invocation !== null && invocation && (
          <div class="crumb">
            <span class="crumb-name mono" title={invocation.title}>{invocation.title}</span>
            <Status status={invocation.status} />
          </div>
        )}
        {route.run !== null && (
          <nav class="tabs" aria-label="Views">
            {shown.map((view, i) => (
              <a
                key={view}
                class="tab"
                aria-current={view === route.view ? "page" : undefined}
                href={viewHash(route.run!, view, kept(route.options))}
                title={`${TITLES[view]} (${i + 1})`}
              >
                {TITLES[view]}
                {view === "errors" && run?.info?.error && <i class="tab-mark" />}
              </a>
            ))}
          </nav>
        )}
      </header>
      {run?.notice && <div class="notice" role="status">{run.notice}</div>}
      <main class="view">
        <Boundary key={`${route.run} ${route.view}`}>
          {route.view === "runs" ? <RunsView runs={runs} /> : route.compare
            ? (
              <CompareView
                key={route.compare.join()}
                runs={runs}
                source={source}
                ids={route.compare}
              />
            )
            : route.run === null
            ? <ResultsView source={source} invocation={invocation} loaded={!!runs.answer} />
            : run?.error
            ? <Empty title="This run cannot be shown" text={run.error} />
            : !run?.info
            ? <div class="empty quiet">Loading…</div>
            : route.view === "topology"
            ? <TopologyView run={run} />
            : route.view === "timeline"
            ? <TimelineView run={run} />
            : route.view === "events"
            ? <EventsView run={run} />
            : route.view === "logs"
            ? <LogsView run={run} />
            : route.view === "packets"
            ? <PacketsView run={run} />
            : route.view === "errors"
            ? <ErrorsView run={run} runs={runs} />
            : (
              <ResultsView
                source={source}
                invocation={invocation}
                loaded={!!runs.answer}
                run={run}
              />
            )}
        </Boundary>
      </main>
    </NavigationContext.Provider>
  );
}

/** What stays when another view of the run is opened: the moment, and the node. */
function kept({ t = "", node = "" }: Record<string, string>): Record<string, string> {
  return { t, node };
}

/** Goes to the run if there is only one, as in a bundle, unless the address says more. */
function useOnlyRun(source: Source, runs: RunsModel): void {
  const all = runs.answer?.invocations.flatMap(({ runs }) => runs) ?? [];
  const [run] = all;
  const isOnly = all.length === 1 && run.hasEvents && (!source.live || run.id === ".");
  useEffect(() => {
    if (isOnly && location.hash === "") location.replace(viewHash(run.id, firstView(run)));
  }, [isOnly]);
}

function useRun(source: Source, id: string | null): RunModel | undefined {
  const [run, setRun] = useState<RunModel>();
  useEffect(() => {
    if (id === null) return setRun(undefined);
    const model = new RunModel(source, id);
    setRun(model);
    return () => model.close();
  }, [source, id]);
  return run?.id === id ? run : undefined;
}

/** A view that has nothing to show, and why. */
export function Empty({ title, text }: { title: string; text?: string }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {text && <p>{text}</p>}
    </div>
  );
}
