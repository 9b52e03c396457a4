import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A part of the run, in milliseconds since the lab started. */
export interface Range {
  from: number;
  to: number;
}

/** Pixels at both ends of a lane, so that items at the begin and the end are whole. */
export const PAD = 10;

/** The part that an address names, or the whole run. */
export function rangeOf(from: string, to: string, end: number): Range {
  const [a, b] = [Number(from), Number(to)];
  return from !== "" && to !== "" && b > a && a >= 0 ? { from: a, to: b } : { from: 0, to: end };
}

/** A moment as the address has it. */
export const short = (ms: number) => String(Math.round(ms * 1_000) / 1_000);

/** The width of an element, as it changes. */
export function useWidth(box: { current: HTMLDivElement | null }): number {
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const read = () => setWidth(Math.max(50, box.current!.clientWidth));
    const observer = new ResizeObserver(read);
    observer.observe(box.current!);
    read();
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Pans while the reader drags sideways; clicks on items stay clicks. */
export function useDrag(pan: (dx: number) => void) {
  const from = useRef<{ x: number; far: boolean }>();
  return {
    onPointerDown: (event: PointerEvent) => {
      from.current = { x: event.clientX, far: false };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!from.current || event.buttons === 0) return;
      const dx = event.clientX - from.current.x;
      if (!from.current.far && Math.abs(dx) < 5) return;
      from.current = { x: event.clientX, far: true };
      pan(dx);
    },
    onPointerUp: () => {
      from.current = undefined;
    },
  };
}
