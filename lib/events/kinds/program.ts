import defer * as z from "zod";
import { refuse, requireNode } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import type { LabState } from "../states/lab.ts";
import { commandText, socketText } from "../text.ts";
import { because, type EventRows } from "./row.ts";

const socketFields = () => ({ node: part.text, ip: part.text, port: z.int().min(0).max(65_535) });

/**
 * What runs in nodes: programs, modules, threads and reflectors. Removing a node ends what runs in it,
 * and the events of that may come after the one of the removal: they do not require the node.
 */
export const PROGRAM_EVENTS = {
  "command-started": {
    schema: () => ({ node: part.text, id: part.text, argv: z.array(part.text) }),
    apply: (draft, { node, id, argv }) => start(draft, node, id, argv),
    text: ({ node, id, argv }) => [node, `command ${id} started: ${commandText(argv)}`],
  },

  "command-ended": {
    schema: () => ({ node: part.text, id: part.text, code: z.int(), signal: part.nullableText }),
    apply: (draft, { node, id }) => end(draft, node, id),
    text: ({ node, id, code, signal }) => [
      node,
      signal === null
        ? `command ${id} exited with code ${code}`
        : `command ${id} killed by ${signal}`,
      code === 0 && signal === null ? "info" : "warn",
    ],
  },

  "task-started": {
    schema: () => ({ node: part.text, id: part.text, module: part.text }),
    apply: (draft, { node, id, module }) => start(draft, node, id, [module]),
    text: ({ node, id, module }) => [node, `module ${id} started: ${module}`],
  },

  "task-ended": {
    schema: () => ({ node: part.text, id: part.text, error: part.nullableText }),
    apply: (draft, { node, id }) => end(draft, node, id),
    text: ({ node, id, error }) => [
      node,
      `module ${id} ended${because(error)}`,
      error === null ? "info" : "error",
    ],
  },

  "thread-failed": {
    schema: () => ({ node: part.text, error: part.text }),
    text: ({ node, error }) => [node, `thread failed: ${error}`, "error"],
  },

  "reflector-started": {
    schema: socketFields,
    apply: (draft, { node }) => requireNode(draft, node),
    text: ({ node, ip, port }) => [node, `reflector on ${socketText(ip, port)} started`],
  },

  "reflector-stopped": {
    schema: socketFields,
    text: ({ node, ip, port }) => [node, `reflector on ${socketText(ip, port)} stopped`],
  },
} satisfies Partial<EventRows>;

function start(draft: LabState, node: string, id: string, argv: string[]): void {
  requireNode(draft, node);
  if (Object.hasOwn(draft.running, id)) refuse(`command or module ${id} runs already`);
  draft.running[id] = { node, argv };
}

function end(draft: LabState, node: string, id: string): void {
  if (!Object.hasOwn(draft.running, id)) refuse(`no command or module ${id} runs on "${node}"`);
  delete draft.running[id];
}
