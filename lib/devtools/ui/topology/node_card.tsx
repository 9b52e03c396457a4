import { Component } from "preact";
import type { GraphNode } from "../../model/graph.ts";
import { Icon } from "../parts/icon.tsx";
import { NODE } from "./layout.ts";

/** How a node is drawn. */
export interface NodeCardProps {
  node: GraphNode;
  x: number;
  y: number;
  selected: boolean;
  /** Whether text can be read at this scale. */
  detailed: boolean;
}

/** The most characters of a name and of facts that fit. */
const NAME = 17;
const FACTS = 22;

/** A node of the topology. Drawn again only when something of it changed. */
export class NodeCard extends Component<NodeCardProps> {
  override shouldComponentUpdate(next: NodeCardProps): boolean {
    const { node, x, y, selected, detailed } = this.props;
    return x !== next.x || y !== next.y || selected !== next.selected ||
      detailed !== next.detailed || node.tone !== next.node.tone ||
      node.title !== next.node.title || node.facts.join() !== next.node.facts.join() ||
      node.faults.join() !== next.node.faults.join();
  }

  override render({ node, x, y, selected, detailed }: NodeCardProps) {
    const { width, height } = NODE;
    const facts = node.facts.join(" · ");
    return (
      <g
        class={`node ${node.kind} tone-${node.tone} ${selected ? "selected" : ""}`}
        transform={`translate(${x - width / 2} ${y})`}
        data-node={node.name}
        data-kind={node.kind}
        data-tone={node.tone}
        role="button"
        aria-label={`${node.kind} ${node.title}`}
      >
        <title>{[`${node.kind} ${node.title}`, ...node.facts].join("\n")}</title>
        <rect class="card-shape" width={width} height={height} rx="7" />
        {detailed && (
          <>
            <g class="node-icon" transform="translate(11 15)">
              <Icon kind={node.kind} />
            </g>
            <text class="node-name" x="35" y={facts ? 20 : 28}>{cut(node.title, NAME)}</text>
            {facts && <text class="node-facts" x="35" y="35">{cut(facts, FACTS)}</text>}
          </>
        )}
        {node.tone !== "ok" && (
          <g class="node-mark" transform={`translate(${width - 16} 8)`}>
            {node.tone === "down"
              ? <path d="M1 1 L8 8 M8 1 L1 8" />
              : node.tone === "fault"
              ? <path class="filled" d="M5.5 0 L1 5.5 H4 L3 10 L8 4 H5 Z" />
              : <path class="filled" d="M4.5 0.5 L9 8.5 H0 Z" />}
          </g>
        )}
      </g>
    );
  }
}

/** A text that is not longer than so many characters. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
