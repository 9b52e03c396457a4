import type { Drawing } from "./drawing.ts";
import { drawingDot } from "./dot.ts";

/**
 * The name of a node stands out. Where a viewer knows what it is on, lines and the text beside them
 * are darker, or lighter, than their colour for either.
 */
const STYLE = `<style>
.node text:first-of-type { font-weight: bold }
@media (prefers-color-scheme: light) {
  .edge text, .graph > text { fill: #374151 }
}
@media (prefers-color-scheme: dark) {
  .edge text, .graph > text { fill: #d1d5db }
  .edge path { stroke: #9ca3af }
}
</style>`;

/** A drawing as SVG, laid out by Graphviz. It has no background of its own. */
export async function drawingSvg(drawing: Drawing): Promise<string> {
  // Graphviz in WebAssembly: large, so only for those who draw.
  const { instance } = await import("@viz-js/viz");
  const svg = (await instance()).renderString(drawingDot(drawing), { format: "svg" });
  return svg.replace(/(<svg[^>]*>)/, (tag) => `${tag}\n${STYLE}`);
}
