import { BAD_STATUSES } from "./status.ts";
import type { RunInfo } from "./types.ts";

/** The views of a run, in the order of the navigation; a digit on the keyboard opens each. */
export const VIEWS = [
  "topology",
  "timeline",
  "events",
  "logs",
  "packets",
  "results",
  "errors",
] as const;

/** A view of a run. */
export type View = typeof VIEWS[number];

/** A place in the page. */
export interface Route {
  /** The run, or null for the list of runs. */
  run: string | null;
  /** The invocation whose results are shown, if no run is. */
  invocation: string | null;
  /** Two runs that are compared, the older one first. */
  compare?: readonly [string, string];
  view: View | "runs" | "compare";
  /** What the view shows: filters, the selected node, the moment. */
  options: Record<string, string>;
}

/** Reads the part of an address after `#`. What it does not know becomes the list of runs. */
export function parseRoute(hash: string): Route {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [kind, id, view] = path.split("/").map(decoded);
  const options = Object.fromEntries(new URLSearchParams(query));
  if (kind === "run" && id) {
    return {
      run: id,
      invocation: null,
      view: VIEWS.find((each) => each === view) ?? "topology",
      options,
    };
  }
  if (kind === "compare" && id && view) {
    return { run: null, invocation: null, compare: [id, view], view: "compare", options };
  }
  if (kind === "invocation" && id) return { run: null, invocation: id, view: "results", options };
  return { run: null, invocation: null, view: "runs", options };
}

/** The address of a place, beginning with `#`; options that are empty are left out. */
export function routeHash({ run, invocation, compare, view, options }: Route): string {
  const pairs = Object.entries(options).filter(([, value]) => value !== "");
  const query = pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : "";
  if (run !== null) return `#/run/${encodeURIComponent(run)}/${view}${query}`;
  if (invocation !== null) return `#/invocation/${encodeURIComponent(invocation)}/results${query}`;
  if (compare) return `#/compare/${compare.map(encodeURIComponent).join("/")}${query}`;
  return `#/${query}`;
}

/** The view that a run opens with: one that failed, with why. */
export function firstView({ error, status }: Pick<RunInfo, "error" | "status">): View {
  return error !== null && BAD_STATUSES.includes(status) ? "errors" : "topology";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
