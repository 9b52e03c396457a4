import defer * as z from "zod";
import { own, refuse, without } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import { fieldsText } from "../text.ts";
import { removeConditions } from "./condition.ts";
import { because, type EventRows, LAB } from "./row.ts";

/** Faults: injected ones, the schedules that inject them, and failures of Netyard's own engines. */
export const FAULT_EVENTS = {
  "fault-injected": {
    schema: () => ({ id: part.text, fault: part.jsonObject }),
    apply(draft, { id, fault }) {
      if (own(draft.faults, id)) refuse(`there is a fault ${id} already`);
      draft.faults = { ...draft.faults, [id]: fault };
    },
    text: ({ id, fault }) => [LAB, `fault ${id} injected: ${actionText(fault)}`],
  },

  "fault-healed": {
    schema: () => ({ id: part.text }),
    apply(draft, { id }) {
      if (!own(draft.faults, id)) refuse(`there is no fault ${id}`);
      const faults = without(draft.faults, id);
      if (faults) draft.faults = faults;
      else delete draft.faults;
    },
    text: ({ id }) => [LAB, `fault ${id} healed`],
  },

  "fault-failed": {
    schema: () => ({ id: part.text, error: part.text }),
    text: ({ id, error }) => [LAB, `fault ${id} failed: ${error}`, "error"],
  },

  "schedule-step": {
    schema: () => ({
      schedule: part.text,
      step: part.count,
      action: part.json,
      askedMs: part.amount,
      actualMs: part.amount,
      error: part.nullableText,
    }),
    text: ({ schedule, step, action, askedMs, actualMs, error }) => [
      LAB,
      `schedule ${schedule}, step ${step} at ${Math.round(actualMs)} ms ` +
      `(planned ${Math.round(askedMs)} ms): ${actionText(action)}${because(error)}`,
      error === null ? "info" : "error",
    ],
  },

  "link-engine-failed": {
    schema: () => ({ error: part.text, ends: z.array(part.text) }),
    apply: (draft) => removeConditions(draft),
    text: ({ error, ends }) => [
      LAB,
      `link engine failed, conditions removed from ${ends.join(", ")}: ${error}`,
      "error",
    ],
  },

  "translation-failed": {
    schema: () => ({ error: part.text, nodes: z.array(part.text) }),
    text: ({ error, nodes }) => [
      LAB,
      `NAT64 and 464XLAT failed, nothing is translated at ${nodes.join(", ")}: ${error}`,
      "error",
    ],
  },
} satisfies Partial<EventRows>;

/** A fault or another action: its kind, and its fields. */
function actionText(action: unknown): string {
  if (typeof action === "string") return action;
  if (typeof action !== "object" || action === null) return JSON.stringify(action);
  const { kind, ...fields } = action as Record<string, unknown>;
  return [kind, fieldsText(fields)].filter(Boolean).join(" ");
}
