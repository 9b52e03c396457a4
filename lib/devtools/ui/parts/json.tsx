/** The longest text of a value that is drawn. */
const LONGEST = 200_000;

/** A value as indented JSON, with quiet punctuation. */
export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? "undefined";
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text;
  const parts = shown.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?)/);
  return (
    <pre class="json">
      {parts.map((part, i) =>
        i % 2 === 0 ? part : (
          <span key={i} class={part.endsWith(":") ? "key" : "text"}>{part}</span>
        )
      )}
    </pre>
  );
}
