import { useState } from "preact/hooks";
import type { PartingRow } from "../../model/failure/compare.ts";
import type { LogEntry } from "../../model/event_log.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { viewHash } from "../navigation.ts";
import { countText } from "../parts/words.ts";

/** Rows that are shown before the reader asks for all. */
const FEW = 12;
const MOST = 2_000;

/** What two runs are called. */
export interface PartingListProps {
  rows: PartingRow[];
  a: { run: RunModel; title: string };
  b: { run: RunModel; title: string };
}

/** Where two runs part: for each node the first event that is another one. */
export function PartingList({ rows, a, b }: PartingListProps) {
  const [all, showAll] = useState(false);
  const shown = rows.slice(0, all ? MOST : FEW);
  return (
    <div class="partings">
      <div class="parting head" aria-hidden="true">
        <span>Node</span>
        <span>In common</span>
        <span>{a.title}</span>
        <span>{b.title}</span>
      </div>
      {shown.map((row) => (
        <div class="parting" key={row.node ?? ""} data-parting={row.node ?? ""}>
          <span class="parting-node">{row.node ?? "lab"}</span>
          <span class="parting-same num">
            {row.same === 0 ? "nothing" : countText(row.same, "event")}
          </span>
          <Entry run={a.run} entry={row.a} title={a.title} />
          <Entry run={b.run} entry={row.b} title={b.title} />
        </div>
      ))}
      {shown.length < rows.length && (
        <button
          type="button"
          class="more"
          onClick={() => showAll(true)}
        >
          Show {rows.length - shown.length} more
        </button>
      )}
    </div>
  );
}

function Entry(
  { run, entry, title }: { run: RunModel; entry: LogEntry | undefined; title: string },
) {
  if (!entry) {
    return <span class="parting-entry quiet" data-title={title}>nothing more</span>;
  }
  return (
    <a
      class="parting-entry"
      data-title={title}
      href={viewHash(run.id, "events", { event: String(entry.index) })}
    >
      <span class="num">{timeText(entry.ms)}</span> {run.log.text(entry)[1].slice(0, 300)}
    </a>
  );
}
