import type { GraphKind } from "../../model/graph.ts";

/** Line drawings of 16 by 16, one for each kind of node. */
const PATHS: Record<GraphKind, string> = {
  ix: "M4.2 12.5h7.4a2.9 2.9 0 0 0 .5-5.7 4.2 4.2 0 0 0-8-.6 3.2 3.2 0 0 0 .1 6.3z",
  region:
    "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM1.8 8h12.4M8 1.8c2 1.8 2.8 3.9 2.8 6.2S10 12.4 8 14.2C6 12.4 5.2 10.3 5.2 8S6 3.6 8 1.8z",
  router:
    "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM4.4 6.4h4.2M7.2 4.8l1.6 1.6-1.6 1.6M11.6 9.6H7.4M8.8 8l-1.6 1.6 1.6 1.6",
  bridge: "M2 5.5h12v5H2zM4.5 8h.01M7 8h.01M9.5 8h.01M12 8h.01",
  device: "M3 3.5h10v7H3zM1.5 12.8h13",
  vm: "M3 2.5h10v4H3zM3 9.5h10v4H3zM5.5 4.5h.01M5.5 11.5h.01M8 6.5v3",
  unknown: "M6 6a2 2 0 1 1 2.6 2c-.5.2-.6.6-.6 1.2M8 11.6h.01",
};

/** The drawing of a kind of node. */
export function Icon({ kind, size = 16 }: { kind: GraphKind; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[kind]} />
    </svg>
  );
}
