import { z } from "zod";
import type { TomlPath } from "../../toml/document.ts";
import type { CaptureSpec, ParserKind } from "../values/output_parser.ts";
import { RegexSyntaxError, toRegExp } from "../values/regex.ts";
import { scalars, text } from "./fields.ts";

/** `[step.captures.NAME]` */
export const captureSchema = z.strictObject({
  pipe: z.enum(["stdout", "stderr"]).describe('Which output is read. Default "stdout".').optional(),
  regex: text(
    "On each line of text: captures the first group, or the whole match without a group.",
  ).optional(),
  match: scalars("The values that the JSON must have, by dot-path.").optional(),
  pick: text('The dot-path of the value in the JSON: ".end.bytes", ".addrs.0".').optional(),
}).meta({ title: "capture" });

type Capture = z.output<typeof captureSchema>;

/**
 * Converts the captures of a step.
 *
 * @param fault Called with the path in the step and the message of each fault.
 */
export function captureSpecs(
  captures: Readonly<Record<string, Capture>>,
  parser: ParserKind,
  fault: (path: TomlPath, message: string) => void,
): Record<string, CaptureSpec> {
  return Object.fromEntries(
    Object.entries(captures).map(([name, capture]) => {
      const path = ["captures", name];
      const wrong = faultOf(capture, parser);
      if (wrong) fault([...path, wrong.key], `the capture "${name}" ${wrong.message}`);
      const { regex, pipe = "stdout", match, pick } = capture;
      const spec: CaptureSpec = { pipe };
      if (match) spec.match = match;
      if (pick !== undefined) spec.pick = pick;
      try {
        if (regex !== undefined) spec.regex = toRegExp(regex);
      } catch (error) {
        if (!(error instanceof RegexSyntaxError)) throw error;
        fault(
          [...path, "regex"],
          `the capture "${name}" has a regular expression that cannot be used: ${error.message}`,
        );
      }
      return [name, spec];
    }),
  );
}

function faultOf(
  { regex, match, pick }: Capture,
  parser: ParserKind,
): { key: string; message: string } | undefined {
  if (match && pick === undefined) {
    return { key: "match", message: 'has "match", and needs "pick": the value to capture' };
  }
  if (regex === undefined && pick === undefined) {
    return { key: "pipe", message: 'needs "regex" or "pick"' };
  }
  if (regex !== undefined && pick !== undefined) {
    return { key: "regex", message: 'has "regex" and "pick"; leave one of them out' };
  }
  if (pick !== undefined && parser === "text") {
    return {
      key: "pick",
      message: 'has "pick", for which the step needs parser = "json" or "ndjson"',
    };
  }
}
