/**
 * The steps of building, by name: the test hook of the lab. Tests make any one of them fail and check
 * that nothing is left behind.
 */

type Observer = (step: string) => void;

let observer: Observer | undefined;

/** Called at the beginning of each step. */
export function step(name: string): void {
  observer?.(name);
}

/** Reports every step to `next` until the result is disposed; an error from it fails the step. */
export function observeSteps(next: Observer): Disposable {
  observer = next;
  return {
    [Symbol.dispose]() {
      observer = undefined;
    },
  };
}
