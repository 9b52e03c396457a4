import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** How a list of rows of one height is drawn. */
export interface VirtualListProps {
  count: number;
  /** The height of a row, in pixels. */
  rowHeight: number;
  row(index: number): ComponentChildren;
  label: string;
  /** The row to bring into view, when it changes. */
  target?: number;
  /** Whether the list stays at its end as it grows. */
  follow?: boolean;
  /** Called when the reader scrolls away from the end, or back to it. */
  onEnd?(isAtEnd: boolean): void;
  class?: string;
  /** Rows beyond the visible ones that are drawn. Default 12. */
  more?: number;
}

/** By default, rows above and below the visible ones, so that scrolling shows no gaps. */
const MORE = 12;

/** Only the visible rows of a list exist, so that it may have any number of them. */
export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, row, label, target, follow, onEnd, more = MORE } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });

  useLayoutEffect(() => {
    const element = box.current!;
    const read = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    read();
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current!;
    if (follow) element.scrollTop = count * rowHeight;
  }, [follow, count]);

  useEffect(() => {
    const element = box.current!;
    if (target === undefined || target < 0 || target >= count) return;
    const at = target * rowHeight;
    const { scrollTop, clientHeight } = element;
    if (at >= scrollTop + rowHeight && at + 2 * rowHeight <= scrollTop + clientHeight) return;
    element.scrollTop = at - clientHeight / 2 + rowHeight / 2;
  }, [target, count > (target ?? 0)]);

  const onScroll = () => {
    const element = box.current!;
    setView({ top: element.scrollTop, height: element.clientHeight });
    const rest = count * rowHeight - element.scrollTop - element.clientHeight;
    onEnd?.(rest < 2 * rowHeight);
  };
  const first = Math.max(0, Math.floor(view.top / rowHeight) - more);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + more);
  const rows: ComponentChildren[] = [];
  for (let i = first; i < last; i++) rows.push(row(i));
  return (
    <div
      ref={box}
      class={`rows ${props.class ?? ""}`}
      role="grid"
      aria-label={label}
      aria-rowcount={count}
      tabIndex={0}
      onScroll={onScroll}
    >
      <div class="rows-all" style={{ height: count * rowHeight }}>
        <div class="rows-shown" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
