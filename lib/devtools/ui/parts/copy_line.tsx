import { useState } from "preact/hooks";

/** How long the button says that it worked. */
const DONE_MS = 1_500;

/** A command line, with a button that copies it where the browser allows that. */
export function CopyLine({ what, text }: { what: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), DONE_MS);
  };
  return (
    <div class="copy-line">
      <p class="quiet">{what}</p>
      <div class="copy-box">
        <code>{text}</code>
        {/* Pages of other hosts without TLS have no clipboard. */}
        {globalThis.isSecureContext && navigator.clipboard && (
          <button
            type="button"
            class="button"
            onClick={() => copy().catch(() => {})}
          >
            {copied ? "Copied" : "Copy"}
          </button>
        )}
      </div>
    </div>
  );
}
