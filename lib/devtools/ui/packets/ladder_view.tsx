import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LabState } from "../../../events/states/lab.ts";
import { type Conversation, conversationOf } from "../../model/packets/conversation.ts";
import { ladderOf } from "../../model/packets/ladder.ts";
import { ownersOf } from "../../model/packets/owners.ts";
import type { PacketEntry } from "../../model/packets/packet_store.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation } from "../navigation.ts";
import { Icon } from "../parts/icon.tsx";
import { LadderPicture, NARROW, placesOf } from "./ladder_picture.tsx";

/** The ladder of a packet. */
export interface LadderViewProps {
  run: RunModel;
  /** The packet that it is about. */
  entry: PacketEntry;
  startMs: number;
  onSelect(entry: PacketEntry): void;
}

/** The way of a packet, or of its conversation, from node to node, on one clock. */
export function LadderView({ run, entry, startMs, onSelect }: LadderViewProps) {
  const { scope = "" } = useNavigation().route.options;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const read = () => setWidth(element.clientWidth);
    const observer = new ResizeObserver(read);
    observer.observe(element);
    read();
    return () => observer.disconnect();
  }, []);
  const conversation = useConversation(run, entry, startMs);
  const all = conversation?.travels ?? [];
  const selected = all.findIndex(({ hops }) => hops.some((hop) => hop.entry === entry));
  const travels = useMemo(
    () => scope === "packet" ? all.slice(selected, selected + 1) : all,
    [conversation, scope, scope === "packet" ? selected : 0],
  );
  const isNarrow = width < NARROW;
  const ladder = useMemo(() => ladderOf(travels, isNarrow), [travels, isNarrow]);
  const places = placesOf(ladder.columns.length, width);
  const marked = ladder.dots.find(({ hop }) => hop.entry === entry);
  useEffect(() => {
    const element = box.current!;
    if (!marked) return;
    const { scrollTop, clientHeight } = element;
    const at = marked.y + HEAD;
    if (at > scrollTop + 2 * HEAD && at < scrollTop + clientHeight - HEAD) return;
    element.scrollTop = at - clientHeight / 2;
  }, [marked]);
  // The next key may come before the page is drawn again.
  const at = useRef(-1);
  at.current = marked ? ladder.dots.indexOf(marked) : -1;
  useKeys((key) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step === undefined || ladder.dots.length === 0) return false;
    at.current = Math.max(0, Math.min(ladder.dots.length - 1, at.current + step));
    onSelect(ladder.dots[at.current].hop.entry);
    return true;
  });
  const state = run.history.after(run.log.entries.length);
  const left = leftOut(conversation);
  return (
    <div class="ladder">
      <div class="ladder-scroll" ref={box} tabIndex={0} role="region" aria-label="Ladder">
        {conversation === undefined
          ? <div class="empty quiet">Following the packet…</div>
          : (
            <div class="ladder-sheet" style={{ width: places.width }}>
              <div class="ladder-head" role="row" data-travels={travels.length}>
                {ladder.columns.map((name, i) => (
                  <a
                    key={name}
                    class="ladder-node"
                    style={{ left: places.x(i), maxWidth: places.step - 8 }}
                    role="columnheader"
                    data-column={name}
                    title={name}
                    href={`#/run/${encodeURIComponent(run.id)}/topology?${new URLSearchParams({
                      node: name,
                    })}`}
                  >
                    <Icon kind={kindOf(state, name)} size={14} />
                    <span>{name}</span>
                  </a>
                ))}
              </div>
              <LadderPicture
                ladder={ladder}
                travels={travels}
                places={places}
                startMs={startMs}
                marked={marked}
                onSelect={onSelect}
              />
              {left !== "" && scope === "" && <p class="ladder-left quiet">{left}</p>}
            </div>
          )}
      </div>
    </div>
  );
}

/** The height of the names of nodes, in pixels. */
const HEAD = 40;

function leftOut(conversation: Conversation | undefined): string {
  const { before = 0, after = 0 } = conversation ?? {};
  const more = [before && `${before} earlier`, after && `${after} later`].filter(Boolean);
  return more.length === 0
    ? ""
    : `${
      more.join(" and ")
    } packets of this conversation are left out; choose one of them in the list.`;
}

/** Whether the ladder has the conversation, or one packet alone. */
export function Scope() {
  const { route, set } = useNavigation();
  const { scope = "" } = route.options;
  return (
    <div class="segments" role="group" aria-label="What is shown">
      {[["", "Conversation"], ["packet", "This packet"]].map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={scope === value}
          onClick={() => set({ scope: value }, true)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

function kindOf({ routers, regions, vms = {}, bridges = {} }: LabState, name: string) {
  if (Object.hasOwn(routers, name)) return "router";
  if (Object.hasOwn(vms, name)) return "vm";
  if (Object.values(regions).some(({ node }) => node === name)) return "region";
  return Object.hasOwn(bridges, name) ? "bridge" : "device";
}

/** Follows a packet, after the page has drawn; the same conversation is kept while one moves within it. */
function useConversation(
  run: RunModel,
  entry: PacketEntry,
  startMs: number,
): Conversation | undefined {
  const [known, setKnown] = useState<{ of: string; value: Conversation | undefined }>();
  const { store, loaded } = run.packets;
  // A live run adds packets: the conversation follows twice a second at most.
  const version = `${run.id} ${Math.floor(store.entries.length / 50)} ` +
    `${run.live} ${store.captures.size}`;
  const value = known?.of === version ? known.value : undefined;
  const has = value?.travels.some(({ hops }) => hops.some((hop) => hop.entry === entry));
  useEffect(() => {
    // A part of the captures would have a part of the way.
    if (has || !loaded || !run.loaded) return;
    const timer = setTimeout(() => {
      const stateAt = (timeMs: number) => run.history.after(run.log.indexAt(timeMs - startMs) + 1);
      const context = {
        ownerOf: ownersOf(stateAt(entry.frame.timeMs)),
        stateAt,
        lossAt: (link: string, direction: "up" | "down", timeMs: number) =>
          run.counters.lossAt(link, direction, timeMs - startMs),
      };
      const ended = run.live ? store.entries.at(-1)!.frame.timeMs : Infinity;
      setKnown({ of: version, value: conversationOf(store, entry, context, ended) });
    });
    return () => clearTimeout(timer);
  }, [entry, version, has]);
  // What was shown stays until the next is there.
  return value ?? known?.value;
}
