import { useEffect, useRef, useState } from "preact/hooks";

/** How a search field behaves. */
export interface SearchFieldProps {
  value: string;
  placeholder: string;
  /** Called while the reader types, a moment after the last key. */
  onChange(value: string): void;
  /** Called for Enter; `back` with Shift. */
  onEnter?(back: boolean): void;
}

const DELAY_MS = 120;

/** The search field of a view, which `/` focuses. */
export function SearchField({ value, placeholder, onChange, onEnter }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const enter = useRef(onEnter);
  enter.current = onEnter;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <circle cx="6" cy="6" r="4.2" />
        <path d="M9.2 9.2 L12.5 12.5" />
      </svg>
      <input
        data-search
        type="search"
        spellcheck={false}
        autocomplete="off"
        value={text}
        placeholder={placeholder}
        aria-label={placeholder}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            if (text !== value) onChange(text);
            const back = event.shiftKey;
            // After the view has what was typed.
            setTimeout(() => enter.current?.(back));
          }
          if (event.key === "Escape" && text !== "") {
            event.stopPropagation();
            onChange("");
            setText("");
          }
        }}
      />
      <kbd>/</kbd>
    </label>
  );
}
