import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { entryOf, keyOf } from "../../model/packets/packet_key.ts";
import { PacketScan } from "../../model/packets/packet_scan.ts";
import { lastAt, type PacketEntry, positionOf } from "../../model/packets/packet_store.ts";
import { pcapngOf } from "../../model/packets/pcapng.ts";
import { useObserved } from "../data/observed.ts";
import type { PacketModel } from "../data/packet_model.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation } from "../navigation.ts";
import { LadderView, Scope } from "../packets/ladder_view.tsx";
import { PacketPanel } from "../packets/packet_panel.tsx";
import { PacketHead, PacketRow } from "../packets/packet_row.tsx";
import { save } from "../packets/save.ts";
import { SearchField } from "../parts/search_field.tsx";
import { Select } from "../parts/select.tsx";
import { TimeBar } from "../parts/time_bar.tsx";
import { VirtualList } from "../parts/virtual_list.tsx";
import { countText } from "../parts/words.ts";

const ROW = 24;

/** How long decoding and filtering may take before the page draws. */
const SLICE_MS = 12;

const FILTER = "Filter: udp port 4000, host 10.0.0.2";

/** The packets of all captures on one clock: a list, the fields of one, and their ways as a ladder. */
export function PacketsView({ run }: { run: RunModel }) {
  useObserved(run);
  const { packets } = run;
  useObserved(packets);
  useEffect(() => packets.update(run.files), [packets, run.files]);
  const { route, set } = useNavigation();
  const { filter = "", node = "", protocol = "", packet = "", t = "", show = "" } = route.options;
  const { store } = packets;
  const scan = useScan(packets, filter, node, protocol);
  const { found } = scan;
  const startMs = Number.isNaN(run.startMs) ? store.entries[0]?.frame.timeMs ?? 0 : run.startMs;
  const count = store.entries.length;
  const selected = useMemo(
    () => packet === "" ? undefined : entryOf(store, packet),
    [store.entries, count, packet],
  );
  const momentOf = ({ frame }: PacketEntry) =>
    String(Math.max(0, Math.round((frame.timeMs - startMs) * 1_000) / 1_000));
  const moment = t === "" ? -1 : Math.max(0, lastAt(found, startMs + Number(t)));
  const position = selected ? positionOf(found, selected) : -1;
  // The slider may have moved on since a packet was selected.
  const isAtPacket = position >= 0 && (t === "" || t === momentOf(selected!));
  const target = isAtPacket ? position : moment;

  const select = (entry: PacketEntry | undefined) =>
    set(entry ? { packet: keyOf(store, entry), t: momentOf(entry) } : { packet: "" }, true);
  const isLadder = show === "ladder";
  // The next key may come before the page is drawn again.
  const at = useRef(target);
  at.current = target;
  useKeys((key) => {
    if (key === "Escape") {
      if (selected) select(undefined);
      else if (isLadder) set({ show: "" }, true);
      return true;
    }
    if (key === "l") {
      set({ show: isLadder ? "" : "ladder" });
      return true;
    }
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[key];
    if (step === undefined || found.length === 0 || isLadder) return false;
    at.current = Math.max(0, Math.min(found.length - 1, at.current + step));
    select(found[at.current]);
    return true;
  });
  const all = countText(count, "packet");
  const about = selected ?? found[Math.max(0, moment)];
  if (packets.loaded && count === 0 && packets.problems.size === 0) return <NoPackets />;
  const byName = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([a], [b]) => a.localeCompare(b)).slice(0, 2_000);
  return (
    <div class="topology">
      <div class={`split packets ${selected ? "open" : ""}`}>
        <div class="split-main">
          <div class="toolbar">
            <div class="segments" role="group" aria-label="Picture">
              {[["", "List"], ["ladder", "Ladder"]].map(([value, text]) => (
                <button
                  key={value}
                  type="button"
                  aria-pressed={show === value}
                  title={`${text} (l)`}
                  onClick={() => set({ show: value })}
                >
                  {text}
                </button>
              ))}
            </div>
            {isLadder ? <Scope /> : (
              <>
                <SearchField
                  value={filter}
                  placeholder={FILTER}
                  onChange={(filter) => set({ filter }, true)}
                />
                <Select
                  label="Node"
                  value={node}
                  options={byName(store.nodes)}
                  onChange={(node) => set({ node }, true)}
                />
                <Select
                  label="Protocol"
                  value={protocol}
                  options={byName(store.protocols)}
                  onChange={(protocol) => set({ protocol }, true)}
                />
                <span class="count num quiet" data-count={found.length} data-all={count}>
                  {found.length === count
                    ? all
                    : `${found.length.toLocaleString("en-US")} of ${all}`}
                  {!(packets.loaded && scan.isDone) && " so far"}
                </span>
                <button
                  type="button"
                  class="button"
                  disabled={found.length === 0 || !scan.isDone}
                  title="Download what is listed as pcapng"
                  aria-label="Download"
                  onClick={() =>
                    save(pcapngOf(store, found), `${run.info?.label ?? "packets"}.pcapng`)}
                >
                  <span class="wide-only">Download</span>
                  <span class="narrow-only" aria-hidden="true">↓</span>
                </button>
              </>
            )}
          </div>
          {scan.error && !isLadder && (
            <div class="notice filter-error" role="alert">{scan.error}</div>
          )}
          <Problems problems={packets.problems} />
          {isLadder
            ? about && <LadderView run={run} entry={about} startMs={startMs} onSelect={select} />
            : (
              <>
                <PacketHead />
                {found.length === 0
                  ? (
                    <div class="empty">
                      <h2>{emptyText(packets, scan)}</h2>
                    </div>
                  )
                  : (
                    <VirtualList
                      label="Packets"
                      count={found.length}
                      rowHeight={ROW}
                      target={target < 0 ? undefined : target}
                      row={(i) => (
                        <PacketRow
                          key={i}
                          entry={found[i]}
                          summary={store.summary(found[i])}
                          startMs={startMs}
                          selected={found[i] === selected}
                          now={t !== "" && i === moment && !isAtPacket}
                          onSelect={() => select(found[i] === selected ? undefined : found[i])}
                        />
                      )}
                    />
                  )}
              </>
            )}
        </div>
        {selected && (
          <PacketPanel
            run={run}
            entry={selected}
            summary={store.summary(selected)}
            startMs={startMs}
            onClose={() => select(undefined)}
          />
        )}
      </div>
      <TimeBar run={run} />
    </div>
  );
}

function emptyText(packets: PacketModel, scan: PacketScan): string {
  if (packets.store.entries.length === 0) {
    return packets.loaded ? "The captures have no packets" : "Reading the captures…";
  }
  return scan.isDone ? "No packet matches" : "Looking for packets…";
}

function NoPackets() {
  return (
    <div class="empty">
      <h2>No captures</h2>
      <p>
        A lab with <code>record: "full"</code>, or the environment variable{" "}
        <code>NETYARD_RECORD=full</code>, records the packets of all links.
      </p>
    </div>
  );
}

/** Problems that are named; the others are counted. */
const FEW = 3;

function Problems({ problems }: { problems: ReadonlyMap<string, string> }) {
  if (problems.size === 0) return null;
  const lines = [...problems].map(([path, why]) => `${path}: ${why}`);
  return (
    <div class="notice" role="status" title={lines.join("\n")}>
      {lines.slice(0, FEW).map((line) => <div key={line}>{line}</div>)}
      {lines.length > FEW && <div>{`and ${lines.length - FEW} more`}</div>}
    </div>
  );
}

/** Decodes and filters a little at a time, and draws what was found so far. */
function useScan(packets: PacketModel, text: string, node: string, protocol: string): PacketScan {
  const { store } = packets;
  const scan = useMemo(
    () => new PacketScan(store, { text, node, protocol }),
    [store, store.entries, text, node, protocol],
  );
  const [, again] = useReducer((count: number, _: void) => count + 1, 0);
  if (!scan.isDone) scan.proceed(performance.now() + SLICE_MS);
  useEffect(() => {
    if (scan.isDone) return;
    const timer = setTimeout(() => again(undefined));
    return () => clearTimeout(timer);
  });
  return scan;
}
