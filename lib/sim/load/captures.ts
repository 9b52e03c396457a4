import type { z } from "zod";
import type { TomlPath } from "../../toml/document.ts";
import { RegexSyntaxError, toRegExp } from "../values/regex.ts";
import type { captureSchema } from "../schema/process_steps.ts";
import type { CaptureSpec, ParserKind } from "../types/types.ts";

type Capture = z.output<typeof captureSchema>;

/**
 * The captures of a step, which their schema accepted.
 *
 * @param fault Is told what is wrong with them, and where in the step.
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
    return { key: "match", message: 'has "match", and needs "pick": what is taken of it' };
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
