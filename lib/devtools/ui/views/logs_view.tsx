import { useEffect, useMemo, useState } from "preact/hooks";
import { lineAt, type LogLine, logParts } from "../../model/log_lines.ts";
import { atLeast, LOG_LEVELS, type LogLevel } from "../../model/log_level.ts";
import { LogModel } from "../data/log_model.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation } from "../navigation.ts";
import { Json } from "../parts/json.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { VirtualList } from "../parts/virtual_list.tsx";
import { countText, sizeText } from "../parts/words.ts";
import { timeText } from "../../model/timeline.ts";
import { Highlighted } from "../parts/highlighted.tsx";

const ROW = 22;
const LOG = /^nodes\/([^/]+)\/(stdout|stderr)\.log$/;

/** A log in the list beside the lines. */
interface LogFile {
  path: string;
  node: string;
  stream: string;
  size: number;
}

/** The logs of the nodes: one is shown, with search, levels, and the moment of an event marked. */
export function LogsView({ run }: { run: RunModel }) {
  useObserved(run);
  const { route, set } = useNavigation();
  const { node = "", stream = "" } = route.options;
  const logs = run.files.flatMap(({ path, size }): LogFile[] => {
    const match = LOG.exec(path);
    return match ? [{ path, node: match[1], stream: match[2], size }] : [];
  });
  const chosen = logs.find((log) => log.node === node && log.stream === stream) ??
    logs.filter((log) => log.node === node).find(({ size }) => size > 0) ??
    logs.find((log) => log.node === node) ??
    (node === "" ? logs.find(({ size }) => size > 0) ?? logs[0] : undefined);
  if (logs.length === 0) {
    return (
      <div class="empty">
        <h2>No logs</h2>
        <p>No program in a node of this run has printed anything.</p>
      </div>
    );
  }
  const groups = Map.groupBy(logs, (log) => log.node);
  return (
    <div class="logs">
      <nav class="log-list" aria-label="Logs">
        {[...groups].map(([name, files]) => (
          <div class="log-node" key={name}>
            <span class="log-name" title={name}>{name}</span>
            {files.map((log) => (
              <button
                key={log.path}
                type="button"
                class="log-item"
                aria-pressed={log === chosen}
                data-log={`${log.node}/${log.stream}`}
                onClick={() =>
                  set({ node: log.node, stream: log.stream, line: "", mark: "", t: "" })}
              >
                <span>{log.stream}</span>
                <span class="num quiet">{sizeText(log.size)}</span>
              </button>
            ))}
          </div>
        ))}
      </nav>
      {chosen ? <Log key={chosen.path} run={run} file={chosen} /> : (
        <div class="empty">
          <h2>{node} has no log</h2>
        </div>
      )}
    </div>
  );
}

function Log({ run, file }: { run: RunModel; file: LogFile }) {
  const { route, set } = useNavigation();
  const { q = "", level = "", t = "", mark = "", line = "" } = route.options;
  const log = useMemo(
    () => new LogModel(run.source, run.id, file.path, file.size, run.live),
    [file.path, run],
  );
  useEffect(() => () => log.close(), [log]);
  useObserved(log);
  const [follow, setFollow] = useState(run.live && t === "" && line === "");
  const words = q.toLowerCase();
  const [shown, matches] = useMemo(() => {
    const kept = level === ""
      ? log.lines
      : log.lines.filter((each) =>
        each.level === undefined || atLeast(each.level, level as LogLevel)
      );
    const found = words === ""
      ? []
      : kept.flatMap((each, i) => each.text.toLowerCase().includes(words) ? [i] : []);
    return [kept, found];
  }, [log.lines, log.lines.length, words, level]);

  const marked = useMemo(() => {
    if (line !== "") return log.lines.find(({ offset }) => offset === Number(line));
    if (t === "" || !log.loaded) return undefined;
    return lineAt(log.lines, run.startMs + Number(t), mark || undefined, nthOf(run, file, mark, t));
  }, [log.lines, log.lines.length, log.loaded, t, mark, line]);
  const position = marked ? shown.indexOf(marked) : -1;
  const at = matches.indexOf(position);

  const step = (by: 1 | -1) => {
    if (matches.length === 0) return;
    // From the marked line to the next match, round the end.
    const next = by > 0
      ? matches.find((each) => each > position) ?? matches[0]
      : matches.findLast((each) => each < position) ?? matches.at(-1)!;
    setFollow(false);
    set({ line: String(shown[next].offset), t: "", mark: "" }, true);
  };
  useKeys((key) => {
    if (key === "n") step(1);
    else if (key === "N") step(-1);
    else if (key === "f") setFollow(!follow);
    else if (key === "Escape") set({ line: "", t: "", mark: "" }, true);
    else if (key === "ArrowDown" || key === "ArrowUp") {
      const next = Math.max(0, Math.min(shown.length - 1, position + (key === "ArrowUp" ? -1 : 1)));
      if (shown[next]) set({ line: String(shown[next].offset), t: "", mark: "" }, true);
      setFollow(false);
    } else return false;
    return true;
  });
  const hasLevels = log.lines.some((each) => each.level !== undefined);
  const hasTimes = log.lines.some((each) => each.at !== undefined);
  return (
    <div class={`split ${marked ? "open" : ""} logs-main`}>
      <div class="split-main">
        <div class="toolbar">
          <SearchField
            value={q}
            placeholder="Search this log"
            onChange={(q) => set({ q }, true)}
            onEnter={(back) => step(back ? -1 : 1)}
          />
          {q !== "" && (
            <div class="steps">
              <span class="num quiet" data-matches={matches.length}>
                {at >= 0 ? `${at + 1} of ` : ""}
                {countText(matches.length, "match").replace("matchs", "matches")}
              </span>
              <button type="button" onClick={() => step(-1)} aria-label="Previous match (N)">
                ↑
              </button>
              <button type="button" onClick={() => step(1)} aria-label="Next match (n)">↓</button>
            </div>
          )}
          {hasLevels && (
            <select
              aria-label="Level"
              class={level === "" ? "" : "active"}
              value={level}
              onChange={(event) => set({ level: event.currentTarget.value }, true)}
            >
              <option value="">Level: all</option>
              {LOG_LEVELS.map((each) => (
                <option key={each} value={each}>{`${each} and above`}</option>
              ))}
            </select>
          )}
          <span class="count num quiet">
            {countText(shown.length, "line")}
            {log.before > 0 && ` of the last ${sizeText(file.size - log.before)}`}
          </span>
          {log.before > 0 && (
            <button type="button" class="button" onClick={() => log.earlier()}>Load earlier</button>
          )}
          {run.live && (
            <label class="check">
              <input
                type="checkbox"
                checked={follow}
                onChange={(event) => setFollow(event.currentTarget.checked)}
              />
              Follow
            </label>
          )}
        </div>
        {t !== "" && log.loaded && !marked && (
          <div class="notice">
            {hasTimes
              ? "This log has no line at or before that moment."
              : "The lines of this log have no time: the moment cannot be marked."}
          </div>
        )}
        {log.error && <div class="notice">{log.error}</div>}
        {shown.length === 0 && log.loaded
          ? (
            <div class="empty">
              <h2>{log.lines.length === 0 ? "Empty" : "No line matches"}</h2>
            </div>
          )
          : (
            <VirtualList
              label={`Log of ${file.node}, ${file.stream}`}
              class="mono"
              count={shown.length}
              rowHeight={ROW}
              target={position < 0 ? undefined : position}
              follow={follow}
              onEnd={(isAtEnd) => isAtEnd || (follow && setFollow(false))}
              row={(i) => (
                <LineRow
                  key={shown[i].index}
                  line={shown[i]}
                  startMs={run.startMs}
                  words={words}
                  times={hasTimes}
                  levels={hasLevels}
                  marked={shown[i] === marked}
                  onSelect={() => {
                    setFollow(false);
                    set({
                      line: shown[i] === marked ? "" : String(shown[i].offset),
                      t: "",
                      mark: "",
                    }, true);
                  }}
                />
              )}
            />
          )}
      </div>
      {marked && (
        <LineDetails
          line={marked}
          onClose={() => set({ line: "", t: "", mark: "" }, true)}
        />
      )}
    </div>
  );
}

interface LineProps {
  line: LogLine;
  startMs: number;
  words: string;
  times: boolean;
  levels: boolean;
  marked: boolean;
  onSelect(): void;
}

/** The most characters of a line that a row draws. */
const LONGEST = 2_000;

function LineRow({ line, startMs, words, times, levels, marked, onSelect }: LineProps) {
  const { spans, target, message, fields } = logParts(line);
  const show = (text: string) => <Highlighted text={text.slice(0, LONGEST)} words={words} />;
  return (
    <div
      class={`row line ${line.level ?? ""} ${marked ? "selected" : ""}`}
      role="row"
      aria-selected={marked}
      data-line={line.index}
      onClick={onSelect}
    >
      <span class="num line-number">{line.index + 1}</span>
      {times && (
        <span class="num line-time">
          {line.at === undefined || Number.isNaN(startMs) ? "" : timeText(line.at - startMs)}
        </span>
      )}
      {levels && <span class={`line-level ${line.level ?? ""}`}>{line.level ?? ""}</span>}
      <span class="line-text">
        {spans.map(({ name, fields }, i) => (
          <span class="span" key={i}>
            {show(name)}
            {fields.length > 0 && (
              <span class="span-fields">
                {"{"}
                {show(fields.map(([name, value]) => `${name}=${value}`).join(" "))}
                {"}"}
              </span>
            )}
          </span>
        ))}
        {target && <span class="target">{show(target)}</span>}
        {show(message)}
        {fields.map(([name, value]) => (
          <span class="field" key={name}>
            <i>{name}</i>={show(value)}
          </span>
        ))}
        {line.cut > 0 && <span class="tag warn">{`${sizeText(line.cut)} more`}</span>}
      </span>
    </div>
  );
}

function LineDetails({ line, onClose }: { line: LogLine; onClose(): void }) {
  const { spans, target, message, fields } = logParts(line);
  return (
    <aside class="side" aria-label="Line">
      <div class="side-head">
        <h2>{`Line ${line.index + 1}`}</h2>
        <button type="button" class="close" onClick={onClose} aria-label="Close">×</button>
      </div>
      {line.record
        ? (
          <>
            <p>{message}</p>
            <dl class="facts">
              {line.record.time && (
                <>
                  <dt>Time</dt>
                  <dd class="num">{line.record.time}</dd>
                </>
              )}
              {line.level && (
                <>
                  <dt>Level</dt>
                  <dd>{line.level}</dd>
                </>
              )}
              {target && (
                <>
                  <dt>Target</dt>
                  <dd>{target}</dd>
                </>
              )}
              {fields.map(([name, value]) => (
                <>
                  <dt key={name}>{name}</dt>
                  <dd>{value}</dd>
                </>
              ))}
            </dl>
            {spans.length > 0 && (
              <div class="span-tree">
                <h3>Spans</h3>
                {spans.map(({ name, fields }, depth) => (
                  <div key={depth} style={{ paddingLeft: depth * 14 }}>
                    <b>{name}</b> {fields.map(([name, value]) =>
                      `${name}=${value}`
                    ).join(" ")}
                  </div>
                ))}
              </div>
            )}
            <Json value={parsed(line.text)} />
          </>
        )
        : <pre class="json">{line.text}</pre>}
      {line.cut > 0 && <p class="problem">{`${sizeText(line.cut)} of this line are not shown.`}</p>}
    </aside>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Which of the custom events with this name in this node the one at a moment is, from 0. */
function nthOf(run: RunModel, { node }: LogFile, name: string, t: string): number {
  if (name === "") return 0;
  return run.log.entries.filter(({ event, ms }) =>
    event?.kind === "custom" && event.name === name && event.node === node && ms < Number(t)
  ).length;
}
