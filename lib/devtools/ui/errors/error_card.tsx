import type { FailureError } from "../../model/failure/failure.ts";
import type { StackFrame } from "../../model/failure/stack.ts";

/** What was thrown: the message, its causes, the source around the place, and the stack. */
export function ErrorCard({ error }: { error: FailureError }) {
  const { name, message, causes, frames, source } = error;
  return (
    <section class="card error-card" aria-label="Error">
      <pre class="error-message"><b>{name}</b>{message && `: ${message}`}</pre>
      {causes.map((cause, i) => (
        <pre class="error-cause" key={i}>
          <span class="quiet">caused by </span><b>{cause.name}</b>{cause.message && `: ${cause.message}`}
        </pre>
      ))}
      {source && <Source source={source} />}
      {frames.length > 0 && <Stack frames={frames} />}
    </section>
  );
}

function Source(
  { source: { file, line, lines } }: { source: NonNullable<FailureError["source"]> },
) {
  return (
    <figure class="source">
      <figcaption class="mono">{file}:{line}</figcaption>
      <div class="source-lines" role="table" aria-label="Source">
        {lines.map(([number, code]) => (
          <div
            class={`source-line ${number === line ? "marked" : ""}`}
            role="row"
            key={number}
            data-line={number}
          >
            <span class="source-number num">{number}</span>
            <code>{code || " "}</code>
          </div>
        ))}
      </div>
    </figure>
  );
}

function Stack({ frames }: { frames: StackFrame[] }) {
  return (
    <ol class="stack" aria-label="Stack">
      {frames.map(({ name, file, line, column, foreign }, i) => (
        <li key={i} class={foreign ? "foreign" : ""} data-foreign={foreign}>
          {name && <span class="stack-name">{name}</span>}
          <span class="stack-place">
            {file}
            {line !== null && <span class="quiet">:{line}:{column}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
