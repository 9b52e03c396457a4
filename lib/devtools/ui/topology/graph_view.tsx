import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Graph } from "../../model/graph.ts";
import { type Layout, layoutOf, structureOf } from "./layout.ts";
import { LinkLine } from "./link_line.tsx";
import { NodeCard } from "./node_card.tsx";

/** The part of the drawing that is seen: a scale, and where its origin is on the screen. */
interface Camera {
  scale: number;
  x: number;
  y: number;
}

const MARGIN = 36;
const LARGEST = 1.6;
const SMALLEST = 0.03;

/** Below this scale, the text of nodes could not be read, and is not drawn. */
const READABLE = 0.5;

/** How a topology is drawn. */
export interface GraphViewProps {
  graph: Graph;
  selected: string;
  onSelect(node: string): void;
}

/** The topology as a drawing that can be moved and scaled. */
export function GraphView({ graph, selected, onSelect }: GraphViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const structure = structureOf(graph);
  const layout = useMemo(() => layoutOf(graph), [structure]);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [camera, setCamera] = useState<Camera>();
  const moved = useRef(false);
  const drag = useRef<{ x: number; y: number; far: boolean }>();
  const touches = useRef(new Map<number, { x: number; y: number }>());

  useLayoutEffect(() => {
    const element = box.current!;
    const read = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    read();
    return () => observer.disconnect();
  }, []);
  // A drawing that the reader has not moved stays whole.
  const fitted = useMemo(() => fit(layout, size), [layout, size]);
  const seen = moved.current && camera ? camera : fitted;
  const look = (next: Camera) => {
    moved.current = true;
    setCamera(next);
  };

  const zoom = (factor: number, x = size.width / 2, y = size.height / 2) => {
    const scale = Math.min(LARGEST, Math.max(SMALLEST, seen.scale * factor));
    const change = scale / seen.scale;
    look({ scale, x: x - (x - seen.x) * change, y: y - (y - seen.y) * change });
  };
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    // Preact adds wheel listeners that cannot keep the page from scrolling.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = box.current!.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016));
      latest.current(factor, event.clientX - left, event.clientY - top);
    };
    box.current!.addEventListener("wheel", wheel, { passive: false });
    return () => box.current?.removeEventListener("wheel", wheel);
  }, []);

  const onPointerDown = (event: PointerEvent) => {
    touches.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    drag.current = { x: event.clientX, y: event.clientY, far: false };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = touches.current.get(event.pointerId);
    if (!from || !drag.current) return;
    const { x, y } = { x: event.clientX, y: event.clientY };
    const others = [...touches.current].filter(([id]) => id !== event.pointerId);
    touches.current.set(event.pointerId, { x, y });
    if (!drag.current.far && Math.hypot(x - drag.current.x, y - drag.current.y) < 4) return;
    if (!drag.current.far) box.current!.setPointerCapture(event.pointerId);
    drag.current.far = true;
    if (others.length === 1) {
      const [[, other]] = others;
      const { left, top } = box.current!.getBoundingClientRect();
      const factor = Math.hypot(x - other.x, y - other.y) /
        Math.max(1, Math.hypot(from.x - other.x, from.y - other.y));
      zoom(factor, (x + other.x) / 2 - left, (y + other.y) / 2 - top);
    } else look({ ...seen, x: seen.x + x - from.x, y: seen.y + y - from.y });
  };
  const onPointerUp = (event: PointerEvent) => {
    touches.current.delete(event.pointerId);
    const { target } = event;
    if (!drag.current?.far && target instanceof Element && event.type === "pointerup") {
      onSelect(target.closest("[data-node]")?.getAttribute("data-node") ?? "");
    }
    if (touches.current.size === 0) drag.current = undefined;
  };

  const isReadable = seen.scale >= READABLE;
  const inView = viewTest(seen, size);
  return (
    <div
      ref={box}
      class={`graph ${isReadable ? "" : "far"}`}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
    >
      <svg width={size.width} height={size.height} role="group" aria-label="Topology">
        <g transform={`translate(${seen.x} ${seen.y}) scale(${seen.scale})`}>
          <g class="links">
            {graph.links.map((link) => {
              const from = layout.places.get(link.from);
              const to = layout.places.get(link.to);
              return from && to && (inView(from) || inView(to)) && (
                <LinkLine key={link.id} link={link} from={from} to={to} detailed={isReadable} />
              );
            })}
          </g>
          {graph.nodes.map((node) => {
            const place = layout.places.get(node.id);
            return place && inView(place) && (
              <NodeCard
                key={node.id}
                node={node}
                x={place.x}
                y={place.y}
                selected={node.name === selected}
                detailed={isReadable}
              />
            );
          })}
        </g>
      </svg>
      <div class="graph-tools" onPointerDown={(event) => event.stopPropagation()}>
        <button type="button" onClick={() => zoom(1.3)} aria-label="Larger">+</button>
        <button type="button" onClick={() => zoom(1 / 1.3)} aria-label="Smaller">−</button>
        <button
          type="button"
          onClick={() => {
            moved.current = false;
            setCamera(undefined);
          }}
        >
          Fit
        </button>
      </div>
    </div>
  );
}

function fit({ left, top, width, height }: Layout, size: { width: number; height: number }) {
  const scale = Math.max(
    SMALLEST,
    Math.min(1.15, (size.width - 2 * MARGIN) / width, (size.height - 2 * MARGIN) / height),
  );
  return {
    scale,
    x: (size.width - width * scale) / 2 - left * scale,
    y: Math.max(MARGIN, (size.height - height * scale) / 2) - top * scale,
  };
}

function viewTest({ scale, x, y }: Camera, size: { width: number; height: number }) {
  const margin = 240;
  const [left, top] = [-x / scale - margin, -y / scale - margin];
  const [right, bottom] = [(size.width - x) / scale + margin, (size.height - y) / scale + margin];
  return (at: { x: number; y: number }) =>
    at.x > left && at.x < right && at.y > top && at.y < bottom;
}
