/**
 * The views of the page, a file for each, and beside them what only they need. Each shows a run from
 * `../data` with `../parts`, and keeps what the reader chose in the address. Begin with any.
 *
 * @module
 */
import { useMemo } from "preact/hooks";
import { graphOf } from "../../model/graph.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation } from "../navigation.ts";
import { TimeBar, useMoment } from "../parts/time_bar.tsx";
import { GraphView } from "../topology/graph_view.tsx";
import { NodePanel } from "../topology/node_panel.tsx";

/** The topology at a moment, with the slider for it, and the panel of a node. */
export function TopologyView({ run }: { run: RunModel }) {
  useObserved(run);
  const { route, set } = useNavigation();
  const { count, ms } = useMoment(run);
  const state = run.history.after(count);
  const graph = useMemo(() => graphOf(state), [state]);
  const { node = "" } = route.options;
  const selected = graph.nodes.find(({ name }) => name === node);
  useKeys((key) => {
    if (key !== "Escape" || node === "") return false;
    set({ node: "" }, true);
    return true;
  });
  const faults = Object.entries(state.faults ?? {});
  return (
    <div class="topology">
      <div class={`split ${node ? "open" : ""}`}>
        <div class="split-main">
          {graph.nodes.length === 0
            ? (
              <div class="empty">
                <h2>{run.log.entries.length === 0 ? "No events yet" : "Nothing was built yet"}</h2>
                <p>
                  {run.log.entries.length === 0
                    ? "The log of this run has no complete line so far."
                    : "Move the slider to the right."}
                </p>
              </div>
            )
            : (
              <GraphView
                graph={graph}
                selected={node}
                onSelect={(name) => name !== node && set({ node: name }, true)}
              />
            )}
          {faults.length > 0 && (
            <ul class="fault-list" aria-label="Active faults">
              {faults.slice(0, 8).map(([id, { kind, node, interface: iface, a, b }]) => (
                <li key={id} data-fault={id}>
                  <b>{String(kind)}</b> {[node ?? a, iface ?? b].filter((each) =>
                    typeof each === "string"
                  ).join(" ")}
                </li>
              ))}
              {faults.length > 8 && <li>{faults.length - 8} more</li>}
            </ul>
          )}
        </div>
        {node !== "" && selected && (
          <NodePanel
            run={run}
            node={selected}
            state={state}
            ms={ms}
            onClose={() => set({ node: "" }, true)}
          />
        )}
        {node !== "" && !selected && (
          <aside class="side">
            <div class="side-head">
              <h2>{node}</h2>
              <button
                type="button"
                class="close"
                aria-label="Close"
                onClick={() => set({ node: "" }, true)}
              >
                ×
              </button>
            </div>
            <p class="quiet">This node is not there at this moment.</p>
          </aside>
        )}
      </div>
      <TimeBar run={run} />
    </div>
  );
}
