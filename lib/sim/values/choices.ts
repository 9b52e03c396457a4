import { nearest } from "../../options/nearest.ts";

/** Returns `; did you mean "x"?` if `meant` is given, and then `rest`. */
export function didYouMean(meant: string | undefined, rest = ""): string {
  const question = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  return question + (rest && (meant === undefined ? `. ${rest}` : ` ${rest}`));
}

/** Returns the likely name and all names there are: `; did you mean "x"? There are: x, y`. */
export function choices(word: string, names: Iterable<string>, lead: string): string {
  const all = [...names];
  return didYouMean(nearest(word, all), `${lead}: ${listed(all)}`);
}

/** Returns names as messages list them: at most 12. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return "none";
  const rest = all.length - 12;
  return all.slice(0, 12).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
