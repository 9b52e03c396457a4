/**
 * The word list of the documentation lint: turns of phrase that a network engineer would have to
 * read twice, each with what to write. Nothing here does I/O.
 *
 * @module
 */

/** A turn of phrase to avoid. */
interface Turn {
  /** Finds it, in comments, messages and guides. */
  pattern: RegExp;
  /** What to write. */
  write: string;
}

const TURNS: readonly Turn[] = [
  { pattern: /\btwice is as once\b/i, write: "idempotent" },
  { pattern: /\blet(?:s|ting)? go of\b/i, write: "remove, release or close" },
  { pattern: /(?<!here )\b(?:is|are|was|were) none of\b/i, write: "is not, or has no" },
  { pattern: /\b(?:what|who|those|that) (?:is|are) behind\b/i, write: "downstream" },
  { pattern: /\bacquaint/i, write: "add a neighbour entry" },
  { pattern: /\bwithout a word\b/i, write: "silently" },
  { pattern: /\bas ever\b/i, write: "as before, or unchanged" },
  { pattern: /\bwhom\b/i, write: "name the node, member or program" },
  { pattern: /\bwhoever\b/i, write: "name the node, member or program" },
  { pattern: /\bby what\b/i, write: "how, or by which means" },
  { pattern: /\bin force\b/i, write: "effective, active or applied" },
  { pattern: /\bunder way\b/i, write: "in progress, or running" },
  { pattern: /\bat hand\b/i, write: "available" },
  { pattern: /\b(?:is|are|was|were) to be\b/i, write: "must be" },
  { pattern: /\basked of\b/i, write: "requested" },
  { pattern: /\btells? of\b/i, write: "reports, or emits an event about" },
  { pattern: /\bwhat came of\b/i, write: "the result of" },
  { pattern: /\bof (?:its|their) own accord\b/i, write: "by default" },
  { pattern: /\bkept apart\b/i, write: "partitioned" },
  { pattern: /\bwishes\b/i, write: "options, or requests" },
  { pattern: /\bthe exchange\b/i, write: "the IX" },
  { pattern: /\bbe done with\b/i, write: "finish, or close" },
  {
    pattern: /\/\*\* (?:Who|Whom|By what|Of what|Of one|Has|Had|Lets|Takes note)\b/,
    write: "a verb or a noun first",
  },
];

/** A place with a turn of phrase to avoid. */
export interface Finding {
  path: string;
  line: number;
  found: string;
  write: string;
}

/** Finds the turns of phrase in a source file or a guide. Code that is no prose counts too. */
export function oddWords(path: string, text: string): Finding[] {
  return text.split("\n").flatMap((line, index) =>
    TURNS.flatMap(({ pattern, write }) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [{ path, line: index + 1, found, write }];
    })
  );
}

/** Formats a finding as one line. */
export function findingText({ path, line, found, write }: Finding): string {
  return `${path}:${line}: "${found}": write ${write}`;
}
