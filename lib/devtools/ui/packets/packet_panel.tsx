import { useEffect, useMemo, useState } from "preact/hooks";
import { decodeFrame, type PacketSummary } from "../../../packets/mod.ts";
import type { PacketEntry } from "../../model/packets/packet_store.ts";
import { endsText, hasUnknown, nodeAt, packetTime, pathAt } from "../../model/packets/words.ts";
import type { DissectAnswer, FieldNode } from "../../model/types.ts";
import type { RunModel } from "../data/run_model.ts";
import { useNavigation, viewHash } from "../navigation.ts";
import { FieldTree } from "./field_tree.tsx";
import { HexBytes } from "./hex_bytes.tsx";
import { save } from "./save.ts";

/** What the panel of a packet shows. */
export interface PacketPanelProps {
  run: RunModel;
  entry: PacketEntry;
  summary: PacketSummary;
  startMs: number;
  onClose(): void;
}

/** What was chosen of the packet before: the next one often has the same field. */
const choice = { path: "", toggled: new Set<string>() };

/** The fields of a packet and its bytes. */
export function PacketPanel({ run, entry, summary, startMs, onClose }: PacketPanelProps) {
  const { route, set } = useNavigation();
  const isLadder = route.options.show === "ladder";
  const { frame, place } = entry;
  const own = useMemo(() => decodeFrame(frame.data, frame.interface.linkType), [frame]);
  const [answer, ask] = useTshark(run, entry);
  const nodes: readonly FieldNode[] = answer?.nodes.length ? answer.nodes : own;
  const [chosen, setChosen] = useState(choice.path);
  const [toggled, setToggled] = useState(choice.toggled);
  const choose = (path: string) => setChosen(choice.path = path);
  const toggle = (paths: Iterable<string>) => setToggled(choice.toggled = new Set(paths));
  const field = chosen === "" ? undefined : nodeAt(nodes, chosen);
  // The innermost protocol says the most: it is open unless the reader closed it.
  const inner = nodes.findLast(({ label }) => label !== "Padding" && label !== "Payload")?.label;
  const open = new Set(toggled);
  if (inner !== undefined) open.has(inner) ? open.delete(inner) : open.add(inner);
  const onToggle = (path: string) => {
    const next = new Set(toggled);
    if (!next.delete(path)) next.add(path);
    toggle(next);
  };
  const onByte = (offset: number) => {
    const path = pathAt(nodes, offset);
    if (path === undefined) return;
    choose(path);
    const next = new Set(toggled);
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      const above = path.slice(0, at);
      if (above === inner) next.delete(above);
      else next.add(above);
    }
    toggle(next);
  };
  const { source, destination } = endsText(summary);
  const isCut = frame.length > frame.data.length;
  return (
    <aside class="side packet-side" aria-label="Packet">
      <div class="side-head">
        <h2>{summary.protocol}</h2>
        <span class="quiet num">{`${frame.length} bytes`}</span>
        <button type="button" class="close" onClick={onClose} aria-label="Close">×</button>
      </div>
      <dl class="facts">
        <dt>Time</dt>
        <dd>{`${packetTime(entry, startMs)} s`}</dd>
        <dt>Interface</dt>
        <dd>
          {`${place.node} ${place.interface}`}
          {frame.direction && (
            <span class="quiet">{frame.direction === "in" ? ", received" : ", sent"}</span>
          )}
        </dd>
        <dt>From, to</dt>
        <dd>{`${source} → ${destination}`}</dd>
        {isCut && (
          <>
            <dt>Captured</dt>
            <dd>{`${frame.data.length} bytes`}</dd>
          </>
        )}
        {frame.comment && (
          <>
            <dt>Comment</dt>
            <dd>{frame.comment.slice(0, 500)}</dd>
          </>
        )}
      </dl>
      <div class="links">
        <button
          type="button"
          class="button"
          onClick={() => set({ show: isLadder ? "" : "ladder" })}
        >
          {isLadder ? "List" : "Ladder"}
        </button>
        <a class="button" href={viewHash(run.id, "topology", topologyOf(entry, startMs))}>
          Topology
        </a>
        <button
          type="button"
          class="button"
          title={`Download ${place.path}`}
          onClick={async () => save(await run.packets.bytesOf(place.path), fileOf(place.path))}
        >
          Capture
        </button>
      </div>
      <FieldTree
        nodes={nodes}
        chosen={chosen}
        open={open}
        onChoose={choose}
        onToggle={onToggle}
      />
      {hasUnknown(own) && <Tshark run={run} answer={answer} ask={ask} />}
      <HexBytes
        key={frame}
        data={frame.data}
        marked={field && field.end > field.start ? [field.start, field.end] : undefined}
        onByte={onByte}
      />
    </aside>
  );
}

const fileOf = (path: string) => path.replace(/^.*\//, "");

const topologyOf = ({ frame, place }: PacketEntry, startMs: number) => ({
  t: String(Math.max(0, frame.timeMs - startMs)),
  node: place.node,
});

type Answer = DissectAnswer | "asking" | undefined;

interface TsharkProps {
  run: RunModel;
  answer: DissectAnswer | undefined;
  ask: (() => void) | undefined;
}

function Tshark({ run, answer, ask }: TsharkProps) {
  if (!run.source.dissect) return null;
  if (answer?.problem) return <p class="quiet small">{answer.problem}.</p>;
  if (answer) return <p class="quiet small">These fields are tshark's.</p>;
  return (
    <div class="links">
      <button type="button" class="button" disabled={!ask} onClick={ask}>
        {ask ? "Read more with tshark" : "Asking tshark…"}
      </button>
    </div>
  );
}

/** Asks tshark for the fields of a packet, when the reader wants it. */
function useTshark(
  run: RunModel,
  { frame, place }: PacketEntry,
): [DissectAnswer | undefined, (() => void) | undefined] {
  const [answers, setAnswers] = useState(new Map<unknown, Answer>());
  useEffect(() => setAnswers(new Map()), [frame]);
  const answer = answers.get(frame);
  const ask = () => {
    const put = (answer: Answer) => setAnswers(new Map([[frame, answer]]));
    put("asking");
    const at = `${frame.seconds}.${String(frame.nanos).padStart(9, "0")}`;
    run.source.dissect!(run.id, place.path, at).then(
      put,
      (error) => put({ nodes: [], problem: `tshark was not asked: ${error.message}` }),
    );
  };
  return answer === "asking" ? [undefined, undefined] : [answer, ask];
}
