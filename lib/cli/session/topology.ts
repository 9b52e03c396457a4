import type { Drawing } from "../../drawing/drawing.ts";
import { drawingOf } from "../../lab/config/drawing.ts";
import { drawingDot } from "../../drawing/dot.ts";
import { drawingMermaid } from "../../drawing/mermaid.ts";
import { drawingSvg } from "../../drawing/svg.ts";
import { drawingText } from "../../drawing/text.ts";
import type { Invocation } from "../command/command.ts";
import type { DRAWING_FORMATS, TOPOLOGY_OPTIONS } from "./topology_command.ts";
import { checkOutputFile, writeOutputFile } from "../command/output_file.ts";
import { readTopology } from "./topology_file.ts";

type Format = typeof DRAWING_FORMATS[number];

const DRAW: Record<Format, (drawing: Drawing) => string | Promise<string>> = {
  text: drawingText,
  svg: drawingSvg,
  dot: drawingDot,
  mermaid: drawingMermaid,
};

const EXTENSIONS: Record<string, Format> = {
  svg: "svg",
  dot: "dot",
  gv: "dot",
  mmd: "mermaid",
  mermaid: "mermaid",
};

/**
 * The command `netyard topology`: draws the topology of a file.
 *
 * @returns the exit code, 0
 */
export async function topology(
  { options, arguments: [path], stdout }: Invocation<typeof TOPOLOGY_OPTIONS>,
): Promise<number> {
  if (options.out !== undefined) await checkOutputFile("netyard topology: --out", options.out);
  const { title, config } = await readTopology(path, options.variant);
  const format = options.format ?? formatOf(options.out);
  const text = await DRAW[format](drawingOf(config, { title }));
  if (options.out === undefined) stdout.write(text);
  else await writeOutputFile(options.out, text);
  return 0;
}

function formatOf(path = ""): Format {
  return EXTENSIONS[/\.([a-z]+)$/i.exec(path)?.[1].toLowerCase() ?? ""] ?? "text";
}
