import type { ComponentChildren } from "preact";

/** A text in which every place with these words is marked. `words` is in lower case. */
export function Highlighted({ text, words }: { text: string; words: string }) {
  if (words === "") return <>{text}</>;
  const lower = text.toLowerCase();
  const parts: ComponentChildren[] = [];
  let at = 0;
  // A text whose lower case is longer would mark the wrong places.
  while (lower.length === text.length) {
    const found = lower.indexOf(words, at);
    if (found < 0) break;
    parts.push(text.slice(at, found), <mark>{text.slice(found, found + words.length)}</mark>);
    at = found + words.length;
  }
  parts.push(text.slice(at));
  return <>{parts}</>;
}
