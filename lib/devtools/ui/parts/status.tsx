/**
 * Parts that several views share: fields, lists, charts, signs. They know no view and load nothing, except
 * for the time slider, which moves the moment of the page. Begin anywhere.
 *
 * @module
 */
import type { ShownStatus } from "../../model/types.ts";

/** The mark of Netyard: a hub and three links. */
export function Mark() {
  return (
    <svg class="mark" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M10 10 L3.5 5 M10 10 L16.5 5 M10 10 L10 17"
        stroke="currentColor"
        stroke-width="1.6"
      />
      <circle cx="10" cy="10" r="3" fill="currentColor" />
      <circle cx="3.5" cy="5" r="1.9" fill="currentColor" />
      <circle cx="16.5" cy="5" r="1.9" fill="currentColor" />
      <circle cx="10" cy="17" r="1.9" fill="currentColor" />
    </svg>
  );
}

/** The shape of a status: it is told by form as well as by colour. */
const SHAPES: Record<ShownStatus, [tone: string, text: string]> = {
  running: ["live", "running"],
  closed: ["ok", "closed"],
  passed: ["ok", "passed"],
  failed: ["bad", "failed"],
  inconclusive: ["warn", "inconclusive"],
  "timed-out": ["bad", "timed out"],
  interrupted: ["warn", "interrupted"],
  crashed: ["bad", "crashed"],
  waiting: ["off", "waiting"],
  "not-run": ["off", "not run"],
  unknown: ["off", "no end"],
};

/** A status: a sign and a word. */
export function Status({ status, why }: { status: ShownStatus; why?: string | null }) {
  const [tone, text] = SHAPES[status] ?? SHAPES.unknown;
  return (
    <span class={`status ${tone}`} data-status={status} title={why ?? text}>
      <Sign tone={tone} />
      {text}
    </span>
  );
}

function Sign({ tone }: { tone: string }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {tone === "ok"
        ? <path d="M1.5 5.2 L4 7.7 L8.5 2.5" fill="none" stroke="currentColor" stroke-width="1.7" />
        : tone === "bad"
        ? <path d="M2 2 L8 8 M8 2 L2 8" stroke="currentColor" stroke-width="1.7" />
        : tone === "warn"
        ? <path d="M5 1 L9.4 9 H0.6 Z" fill="currentColor" />
        : tone === "live"
        ? <circle cx="5" cy="5" r="3.6" fill="currentColor" class="pulse" />
        : <circle cx="5" cy="5" r="3.2" fill="none" stroke="currentColor" stroke-width="1.5" />}
    </svg>
  );
}
