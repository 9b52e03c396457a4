/**
 * Names the steps of building, so that tests can make any one of them fail and
 * see that nothing is left behind.
 */

type Observer = (step: string) => void;

let observer: Observer | undefined;

/** Called at the begin of each step. */
export function step(name: string): void {
  observer?.(name);
}

/** Has every step reported to `next` until the result is disposed; what it throws fails the step. */
export function observeSteps(next: Observer): Disposable {
  observer = next;
  return {
    [Symbol.dispose]() {
      observer = undefined;
    },
  };
}
