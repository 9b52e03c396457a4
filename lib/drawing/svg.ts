import type { Drawing } from "./drawing.ts";
import { drawingDot } from "./dot.ts";

/**
 * The names of nodes are bold. If the viewer knows the background, lines and their labels are darker or
 * lighter than the colour for both.
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

/** A drawing as SVG, laid out by Graphviz, with a transparent background. */
export async function drawingSvg(drawing: Drawing): Promise<string> {
  // Graphviz in WebAssembly is large, so it is loaded only here.
  const { instance } = await import("@viz-js/viz");
  const svg = (await instance()).renderString(drawingDot(drawing), { format: "svg" });
  return svg.replace(/(<svg[^>]*>)/, (tag) => `${tag}\n${STYLE}`);
}
