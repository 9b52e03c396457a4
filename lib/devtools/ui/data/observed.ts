import { useEffect, useReducer } from "preact/hooks";

/** Something that changes, and that components watch. */
export class Observed {
  readonly #watchers = new Set<() => void>();
  #scheduled = false;

  /** Calls `watcher` after changes, at most once a frame; returns a function that ends it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Reports a change. */
  protected changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A hidden tab has no frames.
    const soon = document.hidden ? setTimeout : requestAnimationFrame;
    soon(() => {
      this.#scheduled = false;
      for (const watcher of this.#watchers) watcher();
    });
  }
}

/** Draws the component again when something changes. */
export function useObserved(observed: Observed | undefined): void {
  const [, again] = useReducer((count: number, _: void) => count + 1, 0);
  useEffect(() => {
    if (!observed) return;
    again(undefined);
    return observed.watch(() => again(undefined));
  }, [observed]);
}
