import { Component } from "preact";
import type { GraphLink } from "../../model/graph.ts";
import { NODE } from "./layout.ts";
import { cut } from "./node_card.tsx";

type Place = { x: number; y: number };

/** How a link is drawn. */
export interface LinkLineProps {
  link: GraphLink;
  from: Place;
  to: Place;
  /** Whether labels can be read at this scale. */
  detailed: boolean;
}

const LABEL = 24;

/** The width of a character of a label, in pixels: labels have a font of one size. */
const CHARACTER = 5.7;

/** A link of the topology, with its condition. Drawn again only when something of it changed. */
export class LinkLine extends Component<LinkLineProps> {
  override shouldComponentUpdate(next: LinkLineProps): boolean {
    const { link, from, to, detailed } = this.props;
    return from.x !== next.from.x || from.y !== next.from.y || to.x !== next.to.x ||
      to.y !== next.to.y || detailed !== next.detailed || link.tone !== next.link.tone ||
      link.label !== next.link.label || link.primary !== next.link.primary ||
      link.faults.join() !== next.link.faults.join();
  }

  override render({ link, from, to, detailed }: LinkLineProps) {
    const { d, label } = link.kind === "attached" ? attached(from, to, link) : sideways(from, to);
    const faults = link.faults.length > 0 ? `⚡ ` : "";
    const text = cut(faults + link.label, LABEL);
    const width = text.length * CHARACTER + 14;
    return (
      <g
        class={`link ${link.kind} tone-${link.tone} ${link.primary ? "primary" : ""}`}
        data-link={link.id}
        data-tone={link.tone}
      >
        <title>
          {[
            `${link.from} – ${link.to}`,
            link.iface,
            link.label,
            ...link.faults.map((id) => `fault ${id}`),
          ]
            .filter(Boolean).join("\n")}
        </title>
        <path d={d} />
        {detailed && text !== "" && (
          <g class="link-label" transform={`translate(${label.x} ${label.y})`}>
            <rect x={-width / 2} y="-9" width={width} height="18" rx="9" />
            <text y="3.5">{text}</text>
          </g>
        )}
      </g>
    );
  }
}

const BEND = 9;

/** From the upper edge of a node to the lower edge of the one above it: straight lines, round corners. */
function attached(from: Place, to: Place, { primary }: GraphLink): { d: string; label: Place } {
  const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y + NODE.height];
  const label = { x: x1, y: y1 - 20 };
  if (!primary || y1 < y2) {
    const middle = (y1 + y2) / 2;
    const bow = y1 < y2 ? 60 : 0;
    return {
      d: `M${x1} ${y1} C${x1} ${middle - bow} ${x2} ${middle + bow} ${x2} ${y2}`,
      label: { x: x1 * 0.7 + x2 * 0.3, y: y1 * 0.7 + y2 * 0.3 },
    };
  }
  // All links of one node bend at the same height, below it.
  const bendY = Math.min(y2 + 26, (y1 + y2) / 2);
  const side = Math.sign(x1 - x2);
  const bend = Math.min(BEND, Math.abs(x1 - x2) / 2);
  if (bend < 1) return { d: `M${x1} ${y1} V${y2}`, label };
  return {
    d: `M${x1} ${y1} V${bendY + bend} Q${x1} ${bendY} ${x1 - side * bend} ${bendY} ` +
      `H${x2 + side * bend} Q${x2} ${bendY} ${x2} ${bendY - bend} V${y2}`,
    label,
  };
}

/** Between nodes that stand beside each other: a line, or a bow above those between them. */
function sideways(a: Place, b: Place): { d: string; label: Place } {
  const [from, to] = a.x <= b.x ? [a, b] : [b, a];
  const y = Math.min(from.y, to.y);
  const isNear = to.x - from.x < NODE.width * 1.5 && from.y === to.y;
  const [x1, x2] = [from.x + NODE.width / 2, to.x - NODE.width / 2];
  if (isNear && x2 > x1 + 60) {
    const middle = y + NODE.height / 2;
    return { d: `M${x1} ${middle} H${x2}`, label: { x: (x1 + x2) / 2, y: middle } };
  }
  const bow = Math.min(90, 30 + (to.x - from.x) * 0.08);
  return {
    d: `M${from.x + 30} ${from.y + NODE.height} C${from.x + 60} ${from.y + NODE.height + bow} ` +
      `${to.x - 60} ${to.y + NODE.height + bow} ${to.x - 30} ${to.y + NODE.height}`,
    label: { x: (from.x + to.x) / 2, y: Math.max(from.y, to.y) + NODE.height + bow * 0.75 },
  };
}
