import { useMemo } from "preact/hooks";
import { commandText } from "../../../events/text.ts";
import { graphOf } from "../../model/graph.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { go, viewHash } from "../navigation.ts";
import { GraphView } from "../topology/graph_view.tsx";
import { EventRow, logMoment } from "../views/events_view.tsx";

/** The last events that are listed, and the most programs and faults. */
const EVENTS = 16;
const MOST = 40;

/** The moment of a failure: the topology, what ran, what was broken, and what happened before. */
export function MomentCards({ run, count }: { run: RunModel; count: number }) {
  const { log } = run;
  const last = log.entries[count - 1];
  const state = run.history.after(count);
  const graph = useMemo(() => graphOf(state), [state]);
  const programs = Object.entries(state.running);
  const faults = Object.entries(state.faults ?? {});
  const t = last ? String(last.ms) : "";
  const logged = log.entries.slice(Math.max(0, count - 200), count).findLast(({ node }) =>
    node !== null && hasLog(run, node)
  );
  const events = log.entries.slice(Math.max(0, count - EVENTS), count);
  return (
    <>
      <section class="card" aria-label="Moment">
        <div class="card-head">
          <h2>At that moment</h2>
          {last && <span class="quiet num">{timeText(last.ms)} after the start</span>}
          <div class="links">
            <a class="button" href={viewHash(run.id, "topology", { t })}>Topology</a>
            <a class="button" href={viewHash(run.id, "timeline", { t })}>Timeline</a>
            {logged && (
              <a
                class="button"
                href={viewHash(run.id, "logs", { ...logMoment(logged), t, mark: "" })}
              >
                Logs
              </a>
            )}
          </div>
        </div>
        {graph.nodes.length > 0
          ? (
            <a
              class="still"
              href={viewHash(run.id, "topology", { t })}
              title="Open the topology at this moment"
            >
              <GraphView graph={graph} selected="" onSelect={() => {}} />
            </a>
          )
          : <p class="card-text quiet">Nothing was built yet.</p>}
        <div class="columns">
          <div>
            <h3>Running</h3>
            {programs.length === 0 && <p class="quiet">No program was running.</p>}
            <ul class="what-ran">
              {programs.slice(0, MOST).map(([id, { node, argv }]) => (
                <li key={id} data-program={id}>
                  {hasLog(run, node)
                    ? <a href={viewHash(run.id, "logs", { node, t })}>{node}</a>
                    : <b>{node}</b>}
                  <code>{commandText(argv).slice(0, 400)}</code>
                </li>
              ))}
              {programs.length > MOST && <li>{programs.length - MOST} more</li>}
            </ul>
          </div>
          <div>
            <h3>Active faults</h3>
            {faults.length === 0 && <p class="quiet">No fault was active.</p>}
            <ul class="what-ran">
              {faults.slice(0, MOST).map(([id, { kind, ...fields }]) => (
                <li key={id} data-fault={id}>
                  <b class="bad">{String(kind)}</b>
                  <span>{summary(fields)}</span>
                </li>
              ))}
              {faults.length > MOST && <li>{faults.length - MOST} more</li>}
            </ul>
          </div>
        </div>
      </section>
      <section class="card" aria-label="Last events">
        <div class="card-head">
          <h2>Last events before it</h2>
          <div class="links">
            <a
              class="button"
              href={viewHash(run.id, "events", { event: last ? String(last.index) : "" })}
            >
              All events
            </a>
          </div>
        </div>
        <div class="event-rows" role="grid" aria-label="Last events">
          {events.map((entry) => (
            <EventRow
              key={entry.index}
              run={run}
              entry={entry}
              selected={false}
              onSelect={() => go(viewHash(run.id, "events", { event: String(entry.index) }))}
            />
          ))}
        </div>
      </section>
    </>
  );
}

function hasLog(run: RunModel, node: string): boolean {
  return run.files.some(({ path }) => path.startsWith(`nodes/${node}/`));
}

function summary(fields: Record<string, unknown>): string {
  return Object.values(fields).filter((value) =>
    typeof value === "string" || typeof value === "number"
  )
    .join(" ").slice(0, 200);
}
