/** Names what takes back a step that was done, should a later one fail. */
export type Defer = (undo: () => void) => void;

/** For what is not to be taken back. */
export const withoutUndo: Defer = () => {};

/**
 * Runs `act`. If it fails, what it deferred is done, the last first, each whatever becomes of the
 * others, and the error of `act` is thrown: what went wrong with undoing is part of its cause.
 */
export function undoing<T>(act: (defer: Defer) => T): T {
  const undos: (() => void)[] = [];
  try {
    return act((undo) => void undos.push(undo));
  } catch (error) {
    const failures: unknown[] = [];
    for (const undo of undos.reverse()) {
      try {
        undo();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) tell(error, failures);
    throw error;
  }
}

function tell(error: unknown, failures: unknown[]): void {
  if (!(error instanceof Error)) return;
  const causes = error.cause === undefined ? failures : [error.cause, ...failures];
  error.cause = new AggregateError(causes, "and not all of what had been done could be undone");
}
